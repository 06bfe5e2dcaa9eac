"""Django's SQLite and PostgreSQL, which write the audit log last and keep what a request has read."""
