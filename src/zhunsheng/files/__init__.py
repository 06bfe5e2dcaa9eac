"""Opening files that strangers send: what they really are, how large, in which encoding,
and whether they are safe.
"""
