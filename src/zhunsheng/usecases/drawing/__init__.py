"""The use cases of a draw, in the order in which they happen; what is public is written to a folder."""
