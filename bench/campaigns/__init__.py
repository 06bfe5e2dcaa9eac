"""The campaigns of ``bench/reliability.py``: what each does, and how it is counted."""
