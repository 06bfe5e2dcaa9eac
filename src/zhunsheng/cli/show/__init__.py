"""How answers look in a terminal, a file for each kind of answer."""
