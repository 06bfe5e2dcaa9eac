"""Hundreds of departments at once: documents taken in by the zip, all assessed, ranked and shown together."""
