"""SQLite for the site."""
