"""A department's year: its figures, and the records they are told in."""
