"""Where tests keep their files: in memory, where there is room, since on a disk they mostly wait until it has
written.
"""

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 6 << 30  # bytes; a run of all tests takes less than half of it

if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM:
    os.environ["TMPDIR"] = str(MEMORY)
    tempfile.tempdir = None  # read again, should anybody have asked before
