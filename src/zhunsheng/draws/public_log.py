"""The public log of commitments: numbered entries, each with the digest of the one before,
that anyone can check offline.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from zhunsheng.clock import told
from zhunsheng.draws.plan import MOMENT, Code, Plan, Words
from zhunsheng.draws.spec import canonical, digest, digest_fault, typed_digest
from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import fault
from zhunsheng.translation import series, worded

START = "0" * 64  # what the first entry has in the place of the digest of the one before
MAX_ENTRY = 16 * 1024  # bytes of a line
Kind = Literal["commit", "void", "late"]
KINDS = {"commit": "公布承诺", "void": "作废", "late": "事后补记"}


def _of_the_calendar(at: str) -> str:
    datetime.fromisoformat(at)
    return at


class Entry(BaseModel):
    """One entry: a commitment made public (``commit``), one given up (``void``),
    one that became known only after (``late``).

    ``at`` is when the site wrote it, in UTC; ``office`` and ``draw`` are codes;
    ``digest`` is the commitment's; ``previous`` the digest of the entry before.
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
    """Return the entries of a log, one a line, in order and unbroken. Raises ``ZS-DR-45`` naming the first
    line that isn't.
    """
    found: list[Entry] = []
    for number, line in enumerate(text.removesuffix("\n").split("\n") if text else (), start=1):

        def refuse(why: str, number: int = number) -> ZhunshengError:
            return ZhunshengError("ZS-DR-45", name=name, number=number, detail=why)

        if len(line) > MAX_ENTRY:
            raise refuse(worded("过长"))
        try:
            entry = Entry.model_validate(json.loads(line))
        except ValidationError as error:
            raise refuse(fault(error)) from None
        except (ValueError, RecursionError):
            raise refuse(worded("不是 JSON")) from None
        if entry.line() != line:
            raise refuse(worded("写法不是程序写出的原样"))
        if entry.number != number:
            raise refuse(
                worded(
                    "编号是 {number}，应为 {expected}，有记录被删去、插入或调换",
                    number=entry.number,
                    expected=number,
                )
            )
        if entry.previous != (found[-1].own if found else START):
            raise refuse(worded("与前一条接不上，此前的记录被改动过"))
        found.append(entry)
    return found


@dataclass(frozen=True)
class Held:
    """How a digest that someone holds stands to the log: whether it agrees, in words,
    and which entry it is of.
    """

    agrees: bool
    says: str
    entry: Entry | None = None


def held(entries: Sequence[Entry], noted: str, number: int | None = None) -> Held:
    """Compare a digest that someone noted, of entry ``number`` where they know it, with a log that is whole.

    The log is chained, so that an entry that still has its digest stands where it stood,
    and all before it too.
    """
    if why := digest_fault(noted):
        return Held(False, worded("{why}；请对照手里的摘要单，每四个字符核对一遍", why=why))
    noted = typed_digest(noted)
    found = next((entry for entry in entries if entry.own == noted), None)
    if found is not None and number in (None, found.number):
        after = len(entries) - found.number
        more = (
            worded("此后又有 {after} 条，都接在它后面", after=after)
            if after
            else worded("它是现在的最后一条")
        )
        return Held(
            True,
            worded(
                "第 {number} 号记录还在原处，内容与您手里的摘要相符；它之前的记录也都没有改动。{more}",
                number=found.number,
                more=more,
            ),
            found,
        )
    if found is not None:
        return Held(
            False,
            worded(
                "您手里的摘要是第 {number} 号的，不是第 {said} 号的，请核对编号",
                number=found.number,
                said=number,
            ),
            found,
        )
    if number is not None and number > len(entries):
        return Held(
            False,
            worded(
                "公开记录现在只到第 {entries} 号，没有第 {number} 号。编号没有抄错的，记录被删过",
                entries=len(entries),
                number=number,
            ),
        )
    which = (
        worded("第 {number} 号现在的摘要与您手里的不同", number=number)
        if number is not None
        else worded("没有一条的摘要是您手里的这个")
    )
    return Held(
        False,
        worded(
            "{which}。摘要没有抄错的，这一条或它之前的记录被改动过：请保留手里的摘要，向公布方查问",
            which=which,
        ),
    )


def told_of(entries: Sequence[Entry], committed: str) -> list[Entry]:
    """Return the entries on a commitment's digest, and on other commitments of the same draw, in order.

    Several for one draw, or others of the office that were given up, are for the reader to weigh.
    """
    mine = {(e.office, e.draw) for e in entries if e.digest == committed}
    return [e for e in entries if e.digest == committed or (e.office, e.draw) in mine]


def backwards(entries: Sequence[Entry]) -> list[str]:
    """Return in words where a log's times run backwards: no clock that is right writes so."""
    return [
        worded(
            "第 {number} 号写的时间 {at} 早于第 {before} 号的 {earlier}：两条的时间至少有一个不真",
            number=two.number,
            at=told(two.at),
            before=one.number,
            earlier=told(one.at),
        )
        for one, two in pairwise(entries)
        if two.at < one.at
    ]


def concluded(
    found: Sequence[Entry], committed: str, plan: Plan, committed_at: datetime
) -> tuple[str, list[str]]:
    """Return what the entries ``told_of`` a commitment come to, and in words what speaks against it.

    All of it is by the clock of whoever keeps the log; ``committed_at`` is what the commitment says of
    itself.
    """
    mine = [entry for entry in found if entry.digest == committed]
    against: list[str] = []
    first = next((entry for entry in mine if entry.kind == "commit"), None)
    if first is None:
        against.append(worded("这份承诺是事后补记的，事先没有在这里公布过：不证明承诺在先"))
    else:
        at, known = datetime.fromisoformat(first.at), plan.known_from
        if at >= known:
            against.append(
                worded(
                    "承诺到 {at} 才公布，不早于随机数公布的 {known}：不证明承诺在先",
                    at=told(at),
                    known=told(known),
                )
            )
        elif at > plan.commit_by:
            against.append(
                worded(
                    "承诺到 {at} 才公布，不到方案要求的提前 {lead} 分钟（最迟 {commit_by}）",
                    at=told(at),
                    lead=plan.lead,
                    commit_by=told(plan.commit_by),
                )
            )
        if at < committed_at:
            against.append(
                worded(
                    "公布的时间 {at} 早于承诺自己写的 {committed_at}：两个时间至少有一个不真",
                    at=told(at),
                    committed_at=told(committed_at),
                )
            )
    against += [
        worded(
            "这份承诺已作废（第 {number} 号，{at}：{reason}），抽取的结果不能用",
            number=e.number,
            at=told(e.at),
            reason=e.reason,
        )
        for e in mine
        if e.kind == "void"
    ]
    if others := list(dict.fromkeys(e.digest for e in found if e.digest != committed)):
        numbers = series(str(e.number) for e in found if e.digest != committed)
        against.append(
            worded(
                "同一次抽查另有 {others} 份承诺（第 {numbers} 号）：要问为什么，作许多承诺就可以挑结果",
                others=len(others),
                numbers=numbers,
            )
        )
    said = (
        worded(
            "承诺在 {at} 公布，早于随机数公布的 {known_from}（按公布方自己的时钟）",
            at=told(first.at),
            known_from=told(plan.known_from),
        )
        if first
        else ""
    )
    return said, against
