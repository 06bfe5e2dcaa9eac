"""Papers that check themselves: what stands in a file by its places, the manifest of it that the file
carries, and how to put it there.
"""
