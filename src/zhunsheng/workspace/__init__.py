"""Documents as pages show them, and draws on folders."""
