"""The public log of commitments: numbered entries, each with the digest of the one before, that anyone can check offline."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from zhunsheng.draws.plan import MOMENT, Code, Words
from zhunsheng.draws.spec import DIGEST, canonical, digest, typed_digest
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


@dataclass(frozen=True)
class Held:
    """How a digest that someone holds stands to the log: whether it agrees, in words, and which entry it is of."""

    agrees: bool
    says: str
    entry: Entry | None = None


def held(entries: Sequence[Entry], noted: str, number: int | None = None) -> Held:
    """Compare a digest that someone noted, of entry ``number`` where they know it, with a log that is whole.

    The log is chained, so that an entry that still has its digest stands where it stood, and all before it too.
    """
    noted = typed_digest(noted)
    if not DIGEST.fullmatch(noted):
        return Held(False, "摘要应为 64 个字符（0-9、a-f），请对照手里的摘要单，每四个字符核对一遍")
    found = next((entry for entry in entries if entry.own == noted), None)
    if found is not None and number in (None, found.number):
        after = len(entries) - found.number
        more = f"此后又有 {after} 条，都接在它后面" if after else "它是现在的最后一条"
        return Held(True, f"第 {found.number} 号记录还在原处，内容与您手里的摘要相符；它之前的记录也都没有改动。{more}", found)
    if found is not None:
        return Held(False, f"您手里的摘要是第 {found.number} 号的，不是第 {number} 号的，请核对编号", found)
    if number is not None and number > len(entries):
        return Held(False, f"公开记录现在只到第 {len(entries)} 号，没有第 {number} 号。编号没有抄错的，记录被删过")
    which = f"第 {number} 号现在的摘要与您手里的不同" if number is not None else "没有一条的摘要是您手里的这个"
    return Held(False, f"{which}。摘要没有抄错的，这一条或它之前的记录被改动过：请保留手里的摘要，向公布方查问")


def told_of(entries: Sequence[Entry], committed: str) -> list[Entry]:
    """Return the entries on a commitment's digest, and on other commitments of the same draw, in order.

    Several for one draw, or others of the office that were given up, are for the reader to weigh.
    """
    mine = {(e.office, e.draw) for e in entries if e.digest == committed}
    return [e for e in entries if e.digest == committed or (e.office, e.draw) in mine]
