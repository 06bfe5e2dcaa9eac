"""What is on the pages of a PDF, and what they look like, told by a process of its own within bounds."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zhunsheng.errors import ZhunshengError
from zhunsheng.files import system
from zhunsheng.translation import worded

LONGEST = 2_000  # pixels of a page's picture, at its longer side
_PROGRAM = Path(__file__).with_name("pdfium.py")
_WAIT = 20  # seconds by the clock, of which the process may work four


def contents(data: bytes, name: str) -> list[dict[str, Any]]:
    """Return what each page holds, as ``pdfium.content`` tells it.

    Raises ``ZS-IN-04`` (locked), ``-05`` (broken), ``-42`` (beyond the bounds).
    """
    told: list[dict[str, Any]] = json.loads(_told(data, name, "content"))
    return told


def page_picture(data: bytes, name: str, page: int, longest: int = LONGEST) -> bytes:
    """Return a page, counted from 1, as PNG, its longer side of ``longest`` pixels and at most 2,000.

    Raises as ``contents`` does, and ``ZS-IN-43`` where there is no such page.
    """
    return _told(data, name, "picture", str(page), str(min(longest, LONGEST)))


def _told(data: bytes, name: str, *what: str) -> bytes:
    """Return what the process tells of a document."""
    before = system.used_by_children()
    try:
        ended, answer = _asked(data, what)
    except subprocess.TimeoutExpired:
        raise _beyond(name, worded("处理时间过长")) from None
    if left := system.time_left():  # this process is bounded too: both do one work
        system.end_after(max(left - system.used_by_children() + before, 0.01))
    head, _, body = answer.partition(b"\n")
    if ended == 0 and head == b"told":
        return body
    if ended == 0 and head.startswith(b"refused\t"):
        raise _refused(name, *head.decode().split("\t")[1:])
    if ended in system.OVERDUE:
        raise _beyond(name, worded("处理时间过长"))
    raise _beyond(name, worded("内容过于复杂，读取程序中断"))


def _asked(data: bytes, what: Sequence[str]) -> tuple[int, bytes]:
    """Return how the process ended and what it wrote. It gets no variables but those of the system's own
    start.
    """
    command = [sys.executable, "-I", str(_PROGRAM), *what]
    done = subprocess.run(command, input=data, capture_output=True, timeout=_WAIT, check=False, env={})
    return done.returncode, done.stdout


def _beyond(name: str, detail: str) -> ZhunshengError:
    return ZhunshengError("ZS-IN-42", name=name, detail=detail)


def _refused(name: str, why: str, detail: str = "", most: str = "") -> ZhunshengError:
    match why:
        case "locked":
            return ZhunshengError("ZS-IN-04", name=name)
        case "pages":
            return _beyond(name, worded("有 {count} 页，上限 {most} 页", count=detail, most=most))
        case "side":
            return _beyond(name, worded("页面边长 {count} 点，上限 {most} 点", count=detail, most=most))
        case "letters":
            return _beyond(name, worded("超过 {most} 个字", most=most))
        case "lines":
            return _beyond(name, worded("超过 {most} 条线", most=most))
        case "memory":
            return _beyond(name, worded("内容过于复杂，读取程序中断"))
        case "page":
            return ZhunshengError("ZS-IN-43", name=name, pages=detail)
    where = worded("第{page}页读不出", page=detail) if detail else worded("不是完整的 PDF")
    return ZhunshengError("ZS-IN-05", name=name, detail=where)
