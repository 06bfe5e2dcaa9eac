"""The frame as its published text: read, checked, digested, ticketed and hashed to a tree in one pass,
in bounded memory.

Piece by piece while it lies in the processor's cache, so that a hundred million lines take seconds and no
table. Only what is written exactly as the specification says passes; of anything else ``None`` is returned
and ``draws.frame_making`` reads it with SQL, which names each wrong row. Needs the extra ``fast``.
"""
