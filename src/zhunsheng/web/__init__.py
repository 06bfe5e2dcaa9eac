"""The web application: where a bureau works all year; a thin face over the workspace use cases."""
