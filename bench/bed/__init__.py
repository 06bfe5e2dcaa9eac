"""Test documents for the reader: invented contents in many layouts and formats, the true reading beside."""
