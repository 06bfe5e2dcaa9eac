"""How tests read a page: without the white space that only lays out its source."""

import re


def flat(response):
    """Return the page with every run of white space as one blank, and none beside a tag."""
    text = re.sub(r"\s+", " ", response.content.decode())
    return re.sub(r"(?<=>) | (?=[<>])", "", text)
