"""Publication: a copy without personal data, made when it is asked for, shown once the head approved it."""
