"""The rules themselves, by what they look at: completeness, values, structure."""
