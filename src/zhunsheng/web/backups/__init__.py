"""Backups of a site and their return: what an archive holds, whose keys it needs, how it comes back whole or
not at all.
"""
