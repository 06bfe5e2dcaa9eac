"""The use cases of outside time-stamps: make a request for an entry of the log, send it where one is told to,
check answers.
"""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from ssl import SSLContext, SSLError
from typing import Any
from urllib.parse import urlsplit

from zhunsheng.clock import told
from zhunsheng.draws.bundle import read_bundle
from zhunsheng.draws.opentimestamps import Unreadable, headers_of
from zhunsheng.draws.plan import Plan
from zhunsheng.draws.protocol import commitment_digest
from zhunsheng.draws.public_log import Entry, read_log, told_of
from zhunsheng.draws.stamps import MAX_STAMP, Authorities, Stamp, asked_for, read_stamp, request, standing
from zhunsheng.draws.verdicts import words
from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import written
from zhunsheng.files.writing import write_whole
from zhunsheng.translation import raised_with, worded

ENDINGS = (".tsr", ".ots")


def read_entries(log: Path) -> list[Entry]:
    """Return the entries of a published log. Raises ``ZS-IN-01``, ``ZS-IN-05``, ``ZS-DR-45``."""
    return read_log(written(log), log.name)


def entry_numbered(entries: Sequence[Entry], number: int | None) -> Entry:
    """Return an entry by its number, the last for None. Raises ``ZS-CL-01`` where there is none."""
    if not entries or (number is not None and not 1 <= number <= len(entries)):
        raise ZhunshengError(
            "ZS-CL-01",
            detail=worded("承诺记录共 {entries} 条，没有第 {n} 条", entries=len(entries), n=number or 1),
        )
    return entries[-1 if number is None else number - 1]


def make_request(log: Path, number: int | None, out: Path) -> tuple[Entry, Path]:
    """Write an entry's line (without line feed) and the request for a stamp on it to ``out``;
    return the entry and the request.

    The line is what ``openssl ts -data`` and ``ots stamp`` are given. A request that was made before is kept:
    its answer may be on the way. Raises as ``read_entries``, ``ZS-CL-01``.
    """
    entry = entry_numbered(read_entries(log), number)
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / f"第{entry.number}条.json", entry.line().encode())
    path = out / f"第{entry.number}条.tsq"
    if not path.is_file() or asked_for(_read(path), path.name)[0].hex() != entry.own:
        write_whole(path, request(entry))
    return entry, path


def ask(address: str, asked: bytes, seconds: float, context: SSLContext | None = None) -> bytes:
    """Return what an authority answers to a request, sent to the one address that was given and to none it
    points to.

    Raises ``ZS-DR-57``.
    """

    def failed(detail: str) -> ZhunshengError:
        return ZhunshengError("ZS-DR-57", address=address[:200], detail=detail)

    if urlsplit(address).scheme != "https" or not urlsplit(address).hostname:
        raise failed(worded("应是 https:// 开头的地址"))
    sent = urllib.request.Request(
        address, data=asked, headers={"Content-Type": "application/timestamp-query"}
    )
    opener = urllib.request.build_opener(_Stay, urllib.request.HTTPSHandler(context=context))
    until, answer = time.monotonic() + seconds, b""
    try:
        with opener.open(sent, timeout=seconds) as said:
            while more := said.read1(MAX_STAMP):
                answer += more
                if len(answer) > MAX_STAMP:
                    raise failed(worded("答复超过 {n} KB", n=MAX_STAMP // 1024))
                if time.monotonic() > until:
                    raise TimeoutError
    except TimeoutError:
        raise failed(worded("{seconds} 秒内没有答复", seconds=f"{seconds:g}")) from None
    except urllib.error.HTTPError as error:
        raise failed(worded("答复的状态是 {code}", code=error.code)) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", error)
        if isinstance(why, TimeoutError):
            raise failed(worded("{seconds} 秒内没有答复", seconds=f"{seconds:g}")) from None
        said = (
            worded("对方的证书验不过，或建立不了安全连接")
            if isinstance(why, SSLError)
            else worded("连不上（{why}）", why=str(why)[:200])
        )
        raise failed(said) from None
    return answer


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follow no redirection: what was asked of one address is not sent to another."""

    def redirect_request(self, *args: Any) -> None:
        """Return nothing to go on to."""


def authorities_of(paths: Sequence[Path]) -> dict[str, bytes]:
    """Return the root certificates of files. Raises ``ZS-IN-01``."""
    return {path.name: _read(path) for path in paths}


def authorities_in(folder: Path) -> dict[str, bytes]:
    """Return the root certificates (``*.pem``, one authority a file) of a folder, which need not be there."""
    return authorities_of(sorted(folder.glob("*.pem"))) if folder.is_dir() else {}


def _read(path: Path) -> bytes:
    """Return a small file. Raises ``ZS-IN-01`` where there is none, ``ZS-DR-53`` for one that is large."""
    if not path.is_file():
        raise ZhunshengError("ZS-IN-01", name=str(path))
    if path.stat().st_size > 16 * MAX_STAMP:
        raise ZhunshengError("ZS-DR-53", name=path.name, detail=worded("文件过大"))
    return path.read_bytes()


@dataclass(frozen=True)
class CheckedStamps:
    """What stamps say: file -> its stamps, and for a draw's commitment what they come to (the entry's number
    -> words).
    """

    stamps: dict[str, list[Stamp]]
    standing: dict[int, str]

    def as_json(self) -> dict[str, Any]:
        """Return both as JSON data."""
        files = {name: [s.as_json() | {"says": s.says} for s in found] for name, found in self.stamps.items()}
        return {"stamps": files, "standing": {str(number): said for number, said in self.standing.items()}}


def check_stamps(  # noqa: PLR0913 - files, each by its name
    log: Path,
    files: Sequence[Path],
    roots: Sequence[Path],
    *,
    asked: Path | None = None,
    policy: str | None = None,
    headers: Path | None = None,
    bundle: Path | None = None,
) -> CheckedStamps:
    """Check stamps on entries of a published log; without ``files`` all that lie beside it (``*.tsr``,
    ``*.ots``).

    ``bundle``: say what they come to for its commitment. Raises as ``read_entries``, ``read_stamp``,
    ``read_bundle``; ``ZS-DR-46`` where the bundle's commitment is not in the log,
    ``ZS-DR-53`` for headers that are none.
    """
    entries = read_entries(log)
    found = list(files) or sorted(one for one in log.parent.iterdir() if one.suffix in ENDINGS)
    try:
        blocks = headers_of(_read(headers)) if headers else []
    except Unreadable as error:
        raise ZhunshengError(
            "ZS-DR-53", name=headers.name if headers else "", detail=raised_with(error)
        ) from None
    authorities: Authorities = authorities_of(roots)
    answered = _read(asked) if asked else None
    stamps = {
        one.name: read_stamp(
            _read(one), one.name, entries, authorities, asked=answered, policy=policy, headers=blocks
        )
        for one in found
    }
    return CheckedStamps(stamps, _standing(bundle, entries, stamps, log.name) if bundle else {})


def _standing(
    bundle: Path, entries: Sequence[Entry], stamps: dict[str, list[Stamp]], name: str
) -> dict[int, str]:
    parts = read_bundle(bundle)
    bound, known = (
        commitment_digest(parts["commitment.json"]),
        Plan.model_validate(parts["plan.json"]).known_from,
    )
    of_it = [one for one in told_of(entries, bound) if one.digest == bound]
    mine = [one for one in of_it if one.kind == "commit"]
    if late := [one for one in of_it if one.kind == "late" and not mine]:
        # No stamp on what was noted after the draw can put the commitment before the numbers.
        return {one.number: worded(words()["standing"]["late"], at=told(one.at)) for one in late}
    if not mine:
        raise ZhunshengError("ZS-DR-46", name=name)
    every = [one for found in stamps.values() for one in found]
    return {one.number: standing(every, one, known) for one in mine}
