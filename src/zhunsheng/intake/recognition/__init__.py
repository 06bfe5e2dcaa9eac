"""Turn blocks into target sheets by the meaning of headers and labels, never by position."""
