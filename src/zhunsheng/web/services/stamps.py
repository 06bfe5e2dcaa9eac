"""Outside time-stamps on the site's log of commitments: taken in once they hold, shown with what they prove,
offered as files.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet

from zhunsheng.draws.plan import Plan
from zhunsheng.draws.stamps import Authorities, Stamp, certificates, read_stamp, request, standing
from zhunsheng.errors import ZhunshengError
from zhunsheng.usecases.stamping import authorities_in
from zhunsheng.web.models import Commitment, CommitmentStamp, Draw, User
from zhunsheng.web.services.commitments import entry_of, given_up
from zhunsheng.web.services.uploads import content_of
from zhunsheng.web.workflow import check

MOST = 20  # of one draw: what is public is not a place to keep files


def roots() -> Authorities:
    """Return the root certificates that the administrator put into the data folder."""
    return authorities_in(settings.DATA / "stamp-roots")


def take(draw: Draw, user: User, file: UploadedFile[bytes] | None) -> CommitmentStamp:
    """Keep a time-stamp from a file that was sent. Raises ``ZS-WB-05``, ``ZS-WB-04`` and as ``add``."""
    return add(draw, user, content_of(file, "stamp", limit=2**20), (file and file.name) or "")


def add(draw: Draw, user: User, content: bytes, name: str) -> CommitmentStamp:
    """Keep a time-stamp on one of a draw's entries, which its own digest tells, once it holds.

    Raises ``PermissionDenied``, ``ZS-DR-53`` to ``ZS-DR-56``, ``ZS-WB-55`` for one that is kept already,
    ``ZS-WB-56`` before there is a commitment, ``ZS-WB-57`` for too many.
    """
    check(user, draw, "draws.stamp")
    published = {kept.number: kept for kept in draw.published.all()}
    if not published:
        raise ZhunshengError("ZS-WB-56", title=draw.title)
    found = read_stamp(content, name, [entry_of(kept) for kept in published.values()], roots())
    mine = CommitmentStamp.objects.filter(commitment__draw=draw)
    digest = hashlib.sha256(content).hexdigest()
    if mine.filter(digest=digest).exists():
        raise ZhunshengError("ZS-WB-55", name=name)
    if mine.count() >= MOST:
        raise ZhunshengError("ZS-WB-57", most=MOST)
    bounds = [datetime.fromisoformat(one.bound) for one in found if one.bound]
    made = CommitmentStamp(
        commitment=published[found[0].number],
        content=base64.b64encode(content).decode(),
        digest=digest,
        found=[one.as_json() for one in found],
        bound=min(bounds, default=None),
        by=user,
    )
    made.save()
    return made


def said_by(kept: CommitmentStamp) -> list[Stamp]:
    """Return what a stamp said when it was taken in."""
    return [Stamp(**one) for one in kept.found]


def told(kept: Commitment, own: Sequence[CommitmentStamp]) -> str:
    """Return what stamps come to for a commitment, "" for an entry of another kind;
    ``own`` are those on the entry itself.
    """
    if kept.kind != Commitment.Kind.COMMIT:
        return ""
    every = [one for row in own for one in said_by(row)]
    # A stamp on a later entry covers this one too, and only the earliest of them says more.
    dated = CommitmentStamp.objects.defer("content").filter(bound__isnull=False)
    later = dated.filter(commitment__number__gt=kept.number).order_by("bound")
    if first := later.first():
        every += said_by(first)
    return standing(every, entry_of(kept), Plan.model_validate(kept.draw.plan).known_from)


def root_subjects() -> dict[str, str]:
    """Return SHA-256 fingerprint -> subject of each certificate that the administrator put into the data
    folder.
    """
    found: dict[str, str] = {}
    for file, pem in roots().items():
        try:
            given = certificates(pem, file)
        except ZhunshengError:  # a file that is none is said to whoever adds a stamp, not to the public
            continue
        found |= {one.fingerprint(SHA256()).hex(): one.subject.rfc4514_string() for one in given}
    return found


def _roots_of(row: CommitmentStamp, known: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the roots that an authority's stamps led to: fingerprint, and subject,
    "" where it lies here no longer.
    """
    found = [one.details["root"] for one in said_by(row) if one.kind == "authority"]
    return [{"fingerprint": one, "subject": known.get(one, "")} for one in found]


def shown(kept: Commitment) -> dict[str, Any]:
    """Return what the page of an entry shows of its stamps: each with its file, and what they come to."""
    own = list(kept.stamps.defer("content"))
    known = root_subjects() if own else {}
    return {
        "stamps": [
            {
                "file": file_name(row),
                "says": [one.says for one in said_by(row)],
                "roots": _roots_of(row, known),
            }
            for row in own
        ],
        "standing": told(kept, own),
    }


def of_draw(draw: Draw) -> list[dict[str, object]]:
    """Return the same for each of a draw's entries, with the entry."""
    gone = given_up(draw)
    return [{"kept": kept, "given_up": gone, **shown(kept)} for kept in draw.published.all()]


def words_for(draw: Draw) -> str:
    """Return what stamps come to for a draw's commitment as it was first made public, "" where it was not."""
    first = draw.published.filter(kind=Commitment.Kind.COMMIT).first()
    return told(first, list(first.stamps.defer("content"))) if first else ""


def latest() -> CommitmentStamp | None:
    """Return the stamp on the latest entry that has a time."""
    dated: QuerySet[CommitmentStamp] = CommitmentStamp.objects.defer("content").filter(bound__isnull=False)
    found: CommitmentStamp | None = (
        dated.order_by("-commitment__number", "bound").select_related("commitment").first()
    )
    return found


# -- files
# --------------------------------------------------------------------------------------------------

# What anyone needs to have an entry stamped themselves: the line that is stamped,
# and the request for an authority. Without a nonce: what is stamped exists once,
# and an older answer to it proves more, not less.
REQUESTS = ("entry.json", "request.tsq")


def file_name(row: CommitmentStamp) -> str:
    """Return the name of a stamp's file in its entry's address."""
    return f"{row.pk}.{'tsr' if row.found[0]['kind'] == 'authority' else 'ots'}"


def file_of(kept: Commitment, name: str) -> tuple[bytes, str] | None:
    """Return a file about an entry by its name in the address, and what it is saved as;
    None where there is none.
    """
    if name in REQUESTS:
        entry = entry_of(kept)
        content = entry.line().encode() if name == "entry.json" else request(entry, nonce=False)
        return content, f"第{kept.number}条.{name.rpartition('.')[2]}"
    row = next((one for one in kept.stamps.all() if file_name(one) == name), None)
    return (base64.b64decode(row.content), f"第{kept.number}条-{name}") if row else None
