"""PostgreSQL for the site."""
