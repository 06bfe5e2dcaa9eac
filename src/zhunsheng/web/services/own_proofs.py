"""What anyone may ask of a draw by the code of one entity: whether it is in the frame, its ticket,
whether it was drawn.

Of a draw whose result is not published yet only the frame is told of. Nothing is kept of who asked or for
what.
"""

from __future__ import annotations

from dataclasses import dataclass

from stdnum.cn import ric, uscc

from zhunsheng.draws.frame import key_of
from zhunsheng.draws.own_proof import writings
from zhunsheng.errors import ZhunshengError
from zhunsheng.usecases.own_proofs import Own, own_of, own_proof
from zhunsheng.web.models import Commitment, Draw, Publication
from zhunsheng.web.services.draws.entering import strength


@dataclass(frozen=True)
class OwnResult:
    """What an entity is told: where it stands, how strong the randomness is, whether the code could be one at
    all.
    """

    own: Own
    verdict: str
    mistyped: bool
    provable: bool


def askable(draw: Draw) -> bool:
    """Return whether entities can ask: the draw's frame lies here."""
    return (draw.folder() / "frame.tsv").is_file()


def told(draw: Draw, typed: str) -> OwnResult:
    """Return what an entity of a draw is told. Raises ``ZS-WB-49`` for a person's number,
    ``ZS-DR-08`` for a broken frame.
    """
    _refuse_persons(typed)
    public = _result_is_public(draw)
    own = own_of(draw.folder(), typed, drawn=public)
    mistyped = own.stratum is None and len(own.entity) == 18 and not uscc.is_valid(own.entity)
    return OwnResult(
        own, strength(draw).text() if public else "", mistyped, bool(key_of(draw.folder() / "frame.tsv"))
    )


def proof_file(draw: Draw, typed: str) -> tuple[str, bytes] | None:
    """Return the name and the bytes of an entity's own proof, None where it is not in the frame.

    Raises as ``told``, ``ZS-DR-50`` for a draw whose frame has no salt.
    """
    _refuse_persons(typed)
    proof = own_proof(draw.folder(), typed)
    return (proof.file_name(), proof.raw()) if proof else None


def number_of(publication: Publication) -> int | None:
    """Return the number of the entry in the public log under which a published draw can be asked,
    None where it can't.
    """
    if publication.kind != "draw":
        return None
    entry = (
        Commitment.objects.select_related("draw")
        .filter(draw_id=publication.object_id)
        .order_by("number")
        .first()
    )
    return entry.number if entry and askable(entry.draw) else None


def _result_is_public(draw: Draw) -> bool:
    public = Publication.objects.filter(kind="draw", state="published", object_id=draw.pk)
    return any(one.data.get("state") == "drawn" for one in public)


def _refuse_persons(typed: str) -> None:
    """Refuse an identity number: whether a person stands somewhere is not to be asked here by anyone who
    knows it.
    """
    bare = writings(typed)[0].upper()
    if ric.is_valid(bare) and not uscc.is_valid(bare):
        raise ZhunshengError("ZS-WB-49")
