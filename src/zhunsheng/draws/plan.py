"""The plan of a draw: what is inspected, the strata and their quotas, inspectors,
and where the randomness will come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from zhunsheng.clock import told, utc
from zhunsheng.draws.beacons import round_time
from zhunsheng.draws.spec import PART, STRATUM_JOIN, canonical, digest
from zhunsheng.draws.strata import column_words, match_words, stratum_words
from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import series, worded
from zhunsheng.wording import percent

VALUES_SHOWN = 20  # values of the frame named in a refusal

# Bounds that whoever verifies relies on: nothing here makes a computation endless,
# no moment leaves the calendar.
Ratio = Annotated[str, Field(pattern=r"^(0(\.[0-9]{1,9})?|1(\.0{1,9})?)$")]
Code = Annotated[str, Field(pattern=r"^[0-9A-Za-z_.-]{1,40}$")]
Words = Annotated[str, Field(max_length=1_000)]
Short = Annotated[str, Field(max_length=40)]
Part = Annotated[str, Field(pattern=f"^{PART.pattern}$")]
Amount = Annotated[int, Field(ge=0, le=10**9)]
MAX_ROUND = 10**10  # of drand: in the year 2974
YEARS = (2000, 2999)
MOMENT = "^2[0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$"


class _PlanPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Item(_PlanPart):
    """One inspection item (抽查事项) of the item list."""

    code: Code
    name: Words


class Quota(_PlanPart):
    """How many to draw in the strata that ``match``: a count, or a ratio (text,
    0 to 1) with a floor and a ceiling.
    """

    match: Annotated[dict[Code, Part], Field(max_length=6)] = {}
    ratio: Ratio | None = None
    count: Amount | None = None
    floor: Amount = 0
    ceiling: Amount | None = None

    def words(self) -> str:
        """Say which strata the rule is for and how many it draws, as people read it."""
        # A ratio has at most nine decimals.
        amount = (
            worded("{count} 户", count=self.count)
            if self.count is not None
            else percent(Fraction(self.ratio or "0"), 7)
        )
        least = worded("，至少 {floor} 户", floor=self.floor) if self.floor else ""
        most = worded("，至多 {ceiling} 户", ceiling=self.ceiling) if self.ceiling is not None else ""
        strata = match_words(self.match)
        return worded("{strata}：{amount}{least}{most}", strata=strata, amount=amount, least=least, most=most)

    @model_validator(mode="after")
    def _one_way(self) -> Quota:
        if (self.ratio is None) == (self.count is None):
            raise ValueError(worded("ratio 和 count 须且只能写一个"))
        return self

    def of(self, size: int) -> int:
        """Return the quota of a stratum of ``size``: never more than it holds, a broken
        object counted whole.
        """
        if self.count is not None:
            return min(self.count, size)
        wanted = int((Decimal(self.ratio or "0") * size).to_integral_value(ROUND_CEILING))
        wanted = max(wanted, self.floor)
        return min(wanted if self.ceiling is None else min(wanted, self.ceiling), size)


class Staffing(_PlanPart):
    """Inspectors per object (2 or more), how many of them certified at least, and the most objects one may
    get.
    """

    per_object: Annotated[int, Field(ge=2, le=20)] = 2
    certified: Literal[1] = 1
    max_load: Annotated[int, Field(ge=1, le=10**6)] | None = None


class Drand(_PlanPart):
    """A round of a drand beacon: ``quicknet`` has one every three seconds, ``default``, which is chained,
    every thirty.
    """

    source: Literal["drand"]
    chain: Literal["quicknet", "default"] = "quicknet"
    round: Annotated[int, Field(ge=1, le=MAX_ROUND)]

    @property
    def published(self) -> datetime:
        """When the round is published."""
        return round_time(self.chain, self.round)


class Lottery(_PlanPart):
    """The published numbers of a lottery's issue."""

    source: Literal["lottery"]
    name: Words
    issue: Code


class Ceremony(_PlanPart):
    """Numbers spoken by several people at a public ceremony; ``sealed``: digests of their slips are recorded
    first.
    """

    source: Literal["ceremony"]
    speakers: Annotated[tuple[Words, ...], Field(min_length=2, max_length=50)]
    sealed: Literal[True] | None = None


class Office(_PlanPart):
    """A number the office alone makes; allowed, and marked on every notice as not verifiable."""

    source: Literal["office"]


Source = Annotated[Drand | Lottery | Ceremony | Office, Field(discriminator="source")]


class Plan(_PlanPart):
    """A draw's plan; ``known_at`` is the moment the randomness becomes known, which must lie behind the
    commitment.
    """

    format: Literal["zhunsheng.draw-plan/1"] = "zhunsheng.draw-plan/1"
    id: Code
    title: Words
    office: Words
    rule: Words
    items: Annotated[tuple[Item, ...], Field(min_length=1, max_length=200)]
    strata: Annotated[tuple[Code, ...], Field(min_length=1, max_length=6)]
    quotas: Annotated[tuple[Quota, ...], Field(min_length=1, max_length=1_000)]
    reserve: Ratio = "0"
    staffing: Staffing = Staffing()
    randomness: Annotated[tuple[Source, ...], Field(min_length=1, max_length=10)]
    known_at: Annotated[datetime, WithJsonSchema({"type": "string", "pattern": MOMENT})]
    # Minutes that lie at least between the commitment and the first of the randomness:
    # time for others to note it.
    lead: Annotated[int, Field(ge=1, le=525_600)] | None = None
    ends_on: Short | None = None
    supplements: Short | None = None

    @model_validator(mode="after")
    def _holds_together(self) -> Plan:
        if self.known_at.tzinfo is None:
            raise ValueError(worded("known_at 须写时区，如 2026-12-01T20:00:00+08:00"))
        # The year as written first: at the ends of the calendar the moment has no other zone.
        if not YEARS[0] < self.known_at.year < YEARS[1] and not (
            self.known_at.year in YEARS and YEARS[0] <= self.known_at.astimezone(UTC).year <= YEARS[1]
        ):
            raise ValueError(worded("known_at 应在 {first} 至 {last} 年之间", first=YEARS[0], last=YEARS[1]))
        if len(set(self.strata)) != len(self.strata):
            raise ValueError(worded("strata 有重复的分层项"))
        for quota in self.quotas:
            for name, value in quota.match.items():
                if name not in self.strata:
                    raise ValueError(worded("quotas 中的 {name}={value} 不是分层项", name=name, value=value))
        if any(q.match == {} for q in self.quotas[:-1]):
            raise ValueError(worded("不写 match 的配额只能放在最后"))
        for source in self.randomness:
            if isinstance(source, Drand) and source.published > self.known_at:
                raise ValueError(
                    worded(
                        "drand 第 {round} 轮在 {published} 才公布，晚于 known_at",
                        round=source.round,
                        published=told(source.published),
                    )
                )
        if sum(isinstance(source, Ceremony) and source.sealed is True for source in self.randomness) > 1:
            raise ValueError(worded("先封存的现场报数至多一项"))
        return self

    @property
    def known_from(self) -> datetime:
        """The first moment at which some of the randomness may be known: the commitment must
        lie before it.
        """
        return min([self.known_at, *(s.published for s in self.randomness if isinstance(s, Drand))])

    @property
    def commit_by(self) -> datetime:
        """The last moment of a commitment that leaves the plan's ``lead``."""
        return self.known_from - timedelta(minutes=self.lead or 0)

    @property
    def controlled_by_office(self) -> bool:
        """Whether the office alone controls all of the randomness."""
        return all(isinstance(s, Office) for s in self.randomness)

    def as_json(self) -> dict[str, Any]:
        """Return the plan as the protocol digests it."""
        data = self.model_dump(mode="json", exclude_none=True)
        return {**data, "known_at": utc(self.known_at)}

    @property
    def digest(self) -> str:
        """The SHA-256 of the canonical plan."""
        return digest(canonical(self.as_json()))

    def quota(self, stratum: str) -> Quota | None:
        """Return the first quota that matches a stratum, or None."""
        parts = self.parts(stratum)
        return next((q for q in self.quotas if all(parts[k] == v for k, v in q.match.items())), None)

    def parts(self, stratum: str) -> dict[str, str]:
        """Return the parts of a stratum by the names of the plan's ``strata``."""
        return dict(zip(self.strata, stratum.split(STRATUM_JOIN), strict=True))

    def check_rules(self, strata: Iterable[str]) -> None:
        """Refuse a rule that is for no stratum of the frame, which is a typing error: it would draw nobody,
        unseen.

        Raises ``ZS-DR-20`` naming the rule and the values that the frame has.
        """
        found = [self.parts(s) for s in strata]
        for number, rule in enumerate(self.quotas, start=1):
            if any(all(parts[k] == v for k, v in rule.match.items()) for parts in found):
                continue
            have = series(
                (
                    worded(
                        "{column}有：{values}",
                        column=column_words(name),
                        values=series(sorted({parts[name] for parts in found})[:VALUES_SHOWN]),
                    )
                    for name in rule.match
                ),
                "；",
            )
            raise ZhunshengError("ZS-DR-20", number=number, rule=rule.words(), have=have)

    def allotted(self, strata: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
        """Return what ``allot`` gave as a list for people: ``{stratum, words, size, rule, quota, reserve}``,
        in its order.
        """
        return [
            {
                "stratum": name,
                "words": stratum_words(self.strata, name),
                "size": n["size"],
                "rule": found.words() if found else "",
                "quota": n["quota"],
                "reserve": n["reserve"],
            }
            for name, n in strata.items()
            for found in (self.quota(name),)
        ]

    def allot(self, sizes: Mapping[str, int]) -> dict[str, dict[str, int]]:
        """Return for each stratum its size, quota and reserve (which follows the quota,
        up to the stratum's size).
        """
        found = {}
        for stratum in sorted(sizes, key=str.encode):
            quota = self.quota(stratum)
            drawn = quota.of(sizes[stratum]) if quota else 0
            extra = int((Decimal(self.reserve) * drawn).to_integral_value(ROUND_CEILING))
            found[stratum] = {
                "size": sizes[stratum],
                "quota": drawn,
                "reserve": min(extra, sizes[stratum] - drawn),
            }
        return found
