"""The public log of commitments: numbered entries, each with the digest of the one before, that anyone can check offline."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from zhunsheng.draws.plan import MOMENT, Code, Words
from zhunsheng.draws.spec import canonical, digest
from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import fault

START = "0" * 64  # what the first entry has in the place of the digest of the one before
MAX_ENTRY = 16 * 1024  # bytes of a line
Kind = Literal["commit", "void", "late"]
KINDS = {"commit": "公布承诺", "void": "作废", "late": "事后补记"}


def _of_the_calendar(at: str) -> str:
    datetime.fromisoformat(at)
    return at


class Entry(BaseModel):
    """One entry: a commitment made public (``commit``), one given up (``void``), one that became known only after (``late``).

    ``at`` is when the site wrote it, in UTC; ``office`` and ``draw`` are codes; ``digest`` is the commitment's;
    ``previous`` the digest of the entry before.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["zhunsheng.commitments/1"] = "zhunsheng.commitments/1"
    number: int = Field(ge=1, le=10**9, strict=True)
    at: Annotated[str, Field(pattern=MOMENT), AfterValidator(_of_the_calendar)]
    kind: Kind
    office: Code
    draw: Code
    title: Words
    digest: str = Field(pattern="^[0-9a-f]{64}$")
    reason: Words = ""
    previous: str = Field(pattern="^[0-9a-f]{64}$")

    def line(self) -> str:
        """Return the entry as its line of the log, without the line feed: canonical JSON."""
        return canonical(self.model_dump(mode="json")).decode()

    @property
    def own(self) -> str:
        """The digest of the entry's line: the log's head, while it is the last."""
        return digest(self.line().encode())


def read_log(text: str, name: str) -> list[Entry]:
    """Return the entries of a log, one a line, in order and unbroken. Raises ``ZS-DR-45`` naming the first line that isn't."""
    found: list[Entry] = []
    for number, line in enumerate(text.removesuffix("\n").split("\n") if text else (), start=1):

        def refuse(why: str, number: int = number) -> ZhunshengError:
            return ZhunshengError("ZS-DR-45", name=name, number=number, detail=why)

        if len(line) > MAX_ENTRY:
            raise refuse("过长")
        try:
            entry = Entry.model_validate(json.loads(line))
        except ValidationError as error:
            raise refuse(fault(error)) from None
        except (ValueError, RecursionError):
            raise refuse("不是 JSON") from None
        if entry.line() != line:
            raise refuse("写法不是程序写出的原样")
        if entry.number != number:
            raise refuse(f"编号是 {entry.number}，应为 {number}，有记录被删去、插入或调换")
        if entry.previous != (found[-1].own if found else START):
            raise refuse("与前一条接不上，此前的记录被改动过")
        found.append(entry)
    return found


def told_of(entries: Sequence[Entry], committed: str) -> list[Entry]:
    """Return the entries on a commitment's digest, and on other commitments of the same draw, in order.

    Several for one draw, or others of the office that were given up, are for the reader to weigh.
    """
    mine = {(e.office, e.draw) for e in entries if e.digest == committed}
    return [e for e in entries if e.digest == committed or (e.office, e.draw) in mine]
