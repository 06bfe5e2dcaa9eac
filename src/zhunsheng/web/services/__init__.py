"""What views, the API and background jobs do alike: each function is one act on the records,
built on the use cases.
"""
