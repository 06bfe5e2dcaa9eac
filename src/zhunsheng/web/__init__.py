"""The web application: where a bureau works all year; a thin face over the use cases."""
