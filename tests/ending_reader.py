"""A reader whose process ends at one document, for the test that the others are read all the same."""

from __future__ import annotations

import os

from zhunsheng.usecases.many_documents import Reading, Task, read_one


def read(task: Task, books: bool) -> Reading:
    """Read a document; end the process at one that is named so."""
    if "终止" in task.path:
        os._exit(3)
    return read_one(task, books)
