"""One entity's own proof: that it was in the committed frame, its ticket, where it stands;
checked without the frame.

Whoever has a frame's text can make one for each entity in it; a proof tells of its own entity and,
by the salt, of nobody else. docs/draw-specification.md says it in words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from zhunsheng.draws.frame import key_of
from zhunsheng.draws.merkle import KEPT_FROM, Groups, group_of, keep, kept
from zhunsheng.draws.protocol import commitment_digest
from zhunsheng.draws.spec import (
    ID,
    UNSALTED,
    VERSION,
    canonical,
    climb,
    frame_line,
    head,
    salt,
    ticket,
    version_of,
)
from zhunsheng.draws.verification import Check
from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import fault
from zhunsheng.text import clean
from zhunsheng.translation import worded

MOST = 16 * 1024  # bytes of a proof
PIECE = 2**22  # bytes of a text read at once
_HEX = "[0-9a-f]"


class OwnProof(BaseModel):
    """A proof as it is written: canonical JSON of these fields and no other."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    format: Literal["zhunsheng.draw-proof/2"] = "zhunsheng.draw-proof/2"
    commitment: str = Field(pattern=rf"^{_HEX}{{64}}$")
    id: str = Field(pattern=rf"^{ID.pattern}$")
    stratum: str = Field(min_length=1, max_length=245)
    salt: str = Field(pattern=rf"^{_HEX}{{32}}$")
    path: list[str] = Field(max_length=40)

    def raw(self) -> bytes:
        """Return its bytes."""
        return canonical(self.model_dump())

    def file_name(self) -> str:
        """Return what its file is called."""
        return f"在册证明-{self.id}.json"

    def root(self) -> str:
        """Return the root that it leads to. Raises ``ValueError`` for a step that is none."""
        if not all(re.fullmatch(rf"[LR]{_HEX}{{64}}", step) for step in self.path):
            raise ValueError("a step is L or R and 64 hexadecimal digits")
        return climb(frame_line(self.id, self.stratum), self.path, bytes.fromhex(self.salt))


def read_proof(raw: bytes, name: str) -> OwnProof:
    """Return a proof from its bytes; ``name`` is what the user calls the file. Raises ``ZS-DR-49``."""
    if len(raw) > MOST:
        raise ZhunshengError("ZS-DR-49", name=name, detail=worded("超过 {most} 字节", most=MOST))
    try:
        data = from_json(raw, allow_inf_nan=False)
        found = OwnProof.model_validate(data)
        found.root()
    except ValidationError as error:
        raise ZhunshengError("ZS-DR-49", name=name, detail=fault(error)) from None
    except ValueError:
        raise ZhunshengError("ZS-DR-49", name=name, detail=worded("不是在册证明的 json 文件")) from None
    if found.raw() != raw:
        raise ZhunshengError("ZS-DR-49", name=name, detail=worded("不是规范写法：内容或空白被改动过"))
    return found


def writings(typed: str) -> list[str]:
    """Return the ids that may be meant by what a person types: one width, no blanks, as it is, in capitals,
    in small letters.

    A frame holds no two ids that are the same in capitals, so at most one of them is in it.
    """
    plain = "".join(unicodedata.normalize("NFKC", clean(typed)).split())
    return list(dict.fromkeys((plain, plain.upper(), plain.lower())))


# -- the frame, asked for one entity after another
# ------------------------------------------------------------------------


class Hat:
    """The frame of a draw's folder, read where an entity would stand and nowhere else.

    The nodes kept at the commitment (``tree``) are used where they lead to the committed root;
    where they are missing or broken they are made anew from the text, once, and kept.
    Raises ``ZS-DR-08`` where the text is not the committed one, ``ZS-DR-48``, ``ZS-IN-01``.
    """

    def __init__(self, text: Path, tree: Path, committed: Mapping[str, Any]) -> None:
        if not text.is_file():
            raise ZhunshengError("ZS-IN-01", name=str(text))
        self._text, self._committed = text, committed
        self._key = key_of(text)
        if (version_of(committed) == UNSALTED) == bool(self._key):
            raise self._changed()
        said = committed["frame"]
        groups = kept(tree, said["digest"], said["root"], self._key) if tree.is_file() else None
        self._groups = groups or self._made(tree, said)
        self._digest = commitment_digest(dict(committed))

    def _made(self, tree: Path, said: Mapping[str, Any]) -> Groups:
        groups = Groups(key=self._key)
        rest = b""
        with self._text.open("rb") as stream:
            stream.seek(len(head(self._key)))
            while piece := stream.read(PIECE):
                lines, feed, rest = (rest + piece).rpartition(b"\n")
                groups.add_text(lines + feed)
        if rest or groups.root() != said["root"]:
            raise self._changed()
        if said["count"] >= KEPT_FROM:
            keep(groups, said["digest"], tree)
        return groups

    def _changed(self) -> ZhunshengError:
        return ZhunshengError("ZS-DR-08", name=self._text.name, detail=worded("名录库与承诺的不是同一份"))

    def entity(self, typed: str) -> str:
        """Return the id in the frame that is meant by what a person typed, else what they
        typed in capitals.
        """
        meant = writings(typed)
        return next((one for one in meant if self._found(one)), meant[0].upper())

    def stratum(self, entity: str) -> str | None:
        """Return the stratum in which an entity is, None where it is not in the
        frame. Raises ``ZS-DR-08``.
        """
        found = self._found(entity)
        return None if found is None else found[0]

    def proof(self, entity: str) -> OwnProof | None:
        """Return an entity's own proof, None where it is not in the frame. Raises ``ZS-DR-08``,
        ``ZS-DR-50`` for ``draw/1``.
        """
        if not self._key:
            # Without salts the path would tell of others.
            raise ZhunshengError("ZS-DR-50")
        found = self._found(entity)
        if found is None:
            return None
        stratum, path = found
        made = OwnProof(
            commitment=self._digest, id=entity, stratum=stratum, salt=salt(self._key, entity).hex(), path=path
        )
        if made.root() != self._committed["frame"]["root"]:
            raise self._changed()
        return made

    def _found(self, entity: str) -> tuple[str, list[str]] | None:
        """Return (stratum, path); what is read must be the committed lines, also where the entity is not
        among them.
        """
        if not ID.fullmatch(entity):
            return None
        try:
            group, lines, within = group_of(self._text, self._groups, entity)
            path = self._groups.proof(group, lines, within or 0)
        except (ValueError, IndexError):
            raise self._changed() from None
        return None if within is None else (lines[within].partition(b"\t")[2].decode(), path)


# -- where an entity stands
# -----------------------------------------------------------------------------------------------

Kind = Literal["waiting", "drawn", "reserve", "not_drawn", "fault"]


@dataclass(frozen=True)
class Standing:
    """Where an entity stands: before the randomness ``waiting``, without a ticket;
    ``fault`` where the draw went around it.

    ``cutoff``: the last ticket drawn in its stratum without reserve, empty where nobody was;
    ``rank`` of the drawn and the reserve, from 1.
    """

    kind: Kind
    ticket: str = ""
    cutoff: str = ""
    rank: int | None = None

    def says(self) -> str:
        """Return it in words."""
        return {
            "waiting": worded("还没有抽取，号码要到随机数公布后才有"),
            "drawn": worded("抽中，本层第 {rank} 名", rank=self.rank),
            "reserve": worded("候补，本层第 {rank} 名：排在前面的查不了时依次递补", rank=self.rank),
            "not_drawn": worded("没有抽中：号码排在本层抽中和候补的之后")
            if self.cutoff
            else worded("没有抽中：本层一户也不抽"),
            "fault": worded("这次抽取有错：按号码应在抽中或候补名单里，公布的名单却不是这样"),
        }[self.kind]


WAITING = Standing("waiting")


def standing(
    entity: str, stratum: str, seed: str, drawn: Sequence[Mapping[str, Any]], numbers: Mapping[str, int]
) -> Standing:
    """Return where an entity of a stratum stands by the rows of drawn.json and the stratum's ``numbers``
    (size, quota, reserve).
    """
    own = ticket(seed, entity)
    mine = [d for d in drawn if d["stratum"] == stratum]
    cutoff = max((d["ticket"] for d in mine if not d["reserve"]), default="")
    row = next((d for d in drawn if d["id"] == entity), None)
    if row is not None:
        right = (row["stratum"], row["ticket"]) == (stratum, own)
        kind: Kind = "fault" if not right else "reserve" if row["reserve"] else "drawn"
        return Standing(kind, own, cutoff, row["rank"])
    wanted = numbers["quota"] + numbers["reserve"]
    last = max(((d["ticket"], d["id"]) for d in mine), default=("", ""))
    # Nobody of the stratum may be left out where all are drawn, and nobody whose ticket comes before the last
    # one's.
    missed = wanted >= numbers["size"] or (own, entity) < last or len(mine) < wanted
    return Standing("fault" if missed else "not_drawn", own, cutoff)


# -- checking a proof
# -----------------------------------------------------------------------------------------------------


def check_proof(proof: OwnProof, parts: Mapping[str, Any]) -> list[Check]:
    """Return what holds of a proof by a bundle's parts, or by commitment.json alone before there is a bundle.

    The bundle itself is checked by ``verification.verify``, which also says how strong its randomness is.
    """
    committed = parts["commitment.json"]
    bound = commitment_digest(committed) == proof.commitment
    found = [
        Check(
            "own",
            worded("证明所指的承诺"),
            bound,
            worded("就是这份承诺") if bound else worded("是另一份承诺，请用那次抽查的文件核对"),
        )
    ]
    if not bound:
        return found
    numbers = committed["strata"].get(proof.stratum)
    held = (
        proof.root() == committed["frame"]["root"]
        and version_of(committed) == VERSION
        and numbers is not None
    )
    says = (
        worded("{id} 在承诺时的名录库里，属于“{stratum}”层", id=proof.id, stratum=proof.stratum)
        if held
        else worded("由这份证明算不到承诺的树根：不在名录库里，或证明被改动")
    )
    found.append(Check("own-frame", worded("本户在名录库里"), held, says))
    if not held:
        return found
    if "drawn.json" not in parts:
        return [
            *found,
            Check(
                "own-place",
                worded("本户抽中没有"),
                None,
                worded("{says}；抽取之后请用抽查包再核对一次", says=WAITING.says()),
            ),
        ]
    where = standing(proof.id, proof.stratum, parts["seed.json"]["seed"], parts["drawn.json"], numbers)
    cut = worded("本层末位抽中的号码 {cutoff}", cutoff=where.cutoff) if where.cutoff else worded("本层没有抽")
    return [
        *found,
        Check(
            "own-ticket",
            worded("本户的号码"),
            True,
            worded("{ticket}，由种子和代码算出；{cut}", ticket=where.ticket, cut=cut),
        ),
        Check("own-place", worded("本户抽中没有"), where.kind != "fault", where.says()),
    ]


PROVES = worded(
    "这份文件只证明一件事：承诺作出时，这个对象在名录库里、属于这一层。它的号码由"
    "代码和种子算出，谁都可以重算。"
)
PROVES_NOT = worded(
    "它不证明：承诺是事先公布的（要用当时抄下的摘要核对）；随机数没有人操纵（看随"
    "机数的来源一行）；别的对象有没有漏列或漏抽（要有名录库才能核对，或由各自用自"
    "己的证明核对）。"
)
