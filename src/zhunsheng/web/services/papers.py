"""Papers that the site gives out: each registered with its code, signed, kept as it was given, and
checked.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from zhunsheng import __version__
from zhunsheng.clock import day_of
from zhunsheng.errors import ZhunshengError
from zhunsheng.files.opening import file_digest
from zhunsheng.files.writing import write_whole
from zhunsheng.papers.manifest import Manifest, Said, code_of, note_of
from zhunsheng.papers.packing import ENDINGS, signed_with, with_manifest
from zhunsheng.transparency.checkpoints import read_checkpoint
from zhunsheng.usecases.drawing.running import BUNDLE, PAPERS
from zhunsheng.usecases.papers import PROOF
from zhunsheng.web.models import (
    Assessment,
    AuditEntry,
    AuditHead,
    Draw,
    LogCheckpoint,
    Organisation,
    Paper,
    Publication,
)
from zhunsheng.web.models.audited import record
from zhunsheng.web.services import transparency
from zhunsheng.web.templatetags.audit_words import record_word

KEPT = "kept"  # what the audit log calls the files of figures that were kept


def given(
    content: bytes, name: str, subject: models.Model, place: Organisation, year: int, ground: str = ""
) -> bytes:
    """Return a paper as it is given out: with its code, the newest checkpoint and its manifest, signed.

    ``content`` is the file without them, of the record ``subject``. The first time it is registered and kept;
    from then on the same content is the same paper, byte for byte, whoever asks for it. Files that carry no
    manifest (``ENDINGS``) are registered by their digest and come back as they are. Raises ``ZS-WB-80``.
    """
    raw = hashlib.sha256(content).hexdigest()
    paper = _known(subject, name, raw)
    if paper is None:
        paper, made = _registered(content, raw, name, subject, place, year, ground)
        if made is not None:
            return made
    return file_of(paper, content)


def registered(path: Path, subject: models.Model, place: Organisation, year: int) -> Paper:
    """Register a file of the record ``subject``, as ``given``; one without a manifest is not read into
    memory.
    """
    if path.suffix.lower() in ENDINGS:
        given(path.read_bytes(), path.name, subject, place, year)
        found = _known(subject, path.name, file_digest(path))
        assert found is not None
        return found
    raw = file_digest(path)
    return _known(subject, path.name, raw) or _registered(None, raw, path.name, subject, place, year, "")[0]


def _known(subject: models.Model, name: str, raw: str) -> Paper | None:
    return Paper.objects.filter(of=subject._meta.model_name, object_id=subject.pk, name=name, raw=raw).first()


def _secret(what: str, *parts: object) -> bytes:
    told = "\x1f".join([what, *map(str, parts)])
    return hmac.new(f"zhunsheng.paper/1\n{settings.LOG_KEY}".encode(), told.encode(), hashlib.sha256).digest()


def _registered(
    content: bytes | None,
    raw: str,
    name: str,
    subject: models.Model,
    place: Organisation,
    year: int,
    ground: str,
) -> tuple[Paper, bytes | None]:
    own = (str(subject._meta.model_name), subject.pk, name, raw)
    last = transparency.newest()
    paper = Paper(
        # Nobody who hasn't seen the paper can tell its code, nor guess what it says from its digest in the
        # log.
        code=code_of(_secret("code", *own)),
        salt=_secret("salt", *own).hex()[:32],
        name=name,
        of=own[0],
        object_id=subject.pk,
        ground=ground,
        department=place,
        year=year,
        issued=timezone.localdate(),
        raw=raw,
        size=last.size if last else 0,
        program=__version__,
    )
    made, manifest = _sealed(content, paper, last)
    paper.manifest = manifest.digest()
    paper.note = transparency.signed_note(note_of(manifest.said, paper.manifest))
    if made is not None:
        made = signed_with(made, name, manifest, paper.note)
    paper.sha256 = hashlib.sha256(made).hexdigest() if made is not None else raw
    if made is not None:
        write_whole(paper.stored(), made)
    try:
        with transaction.atomic():
            # One paper comes after the other: the head of the audit log is the site's one turn to wait for.
            AuditHead.objects.select_for_update().filter(pk=1).first()
            newest = Paper.objects.order_by("number").last()
            paper.number = newest.number + 1 if newest else 1
            paper.save()
    except IntegrityError:  # somebody asked for the same at the same moment: it is one paper
        known = _known(subject, name, raw)
        if known is None:
            raise
        return known, None
    return paper, made


def _sealed(
    content: bytes | None, paper: Paper, checkpoint: LogCheckpoint | None
) -> tuple[bytes | None, Manifest]:
    """Return a paper with its code and manifest, without signature; its file is None where it carries
    none.
    """
    # Of one that was given out before the site's key changed, the log is the one of then.
    log = paper.note.split("\n")[1] if paper.note else transparency.origin()
    root = read_checkpoint(checkpoint.note, "").root.hex()[:12] if checkpoint else ""
    short = log.removeprefix("zhunsheng/")[:8]
    since = f"日志 {short} 第 {paper.size} 条后（根 {root}）　" if checkpoint else f"日志 {short}　"
    on = f"{day_of(paper.issued)} 出具"
    line = f"核对码 {paper.code}　{on}　{since}核对：本网站“查验文件”或 zhunsheng verify"
    said = Said(
        name=paper.name,
        code=paper.code,
        issued=day_of(paper.issued),
        program=paper.program,
        line=line,
        log=log,
        checkpoint=checkpoint.note if checkpoint else "",
        salt=paper.salt,
    )
    if content is None or PurePosixPath(paper.name).suffix.lower() not in ENDINGS:
        return None, Manifest(said, (), {}, paper.raw, "")
    return with_manifest(content, said)


def again(content: bytes, paper: Paper) -> bytes:
    """Return a paper made anew from its file without code and manifest; equal to what was given out where
    all of it is as it was then.
    """
    checkpoint = LogCheckpoint.objects.filter(size=paper.size).first()
    made, manifest = _sealed(content, paper, checkpoint)
    return content if made is None else signed_with(made, paper.name, manifest, paper.note)


def file_of(paper: Paper, content: bytes | None = None) -> bytes:
    """Return a paper as it was given out, from where it was kept, else made anew from its ``content``.
    Raises ``ZS-WB-80`` where neither gives it.
    """
    path = paper.stored()
    if path.is_file() and hashlib.sha256(kept := path.read_bytes()).hexdigest() == paper.sha256:
        return kept
    if content is not None:
        made = again(content, paper)
        if hashlib.sha256(made).hexdigest() == paper.sha256:
            if made != content:
                write_whole(path, made)
            return made
    raise ZhunshengError("ZS-WB-80", name=paper.name, paper=paper.code)


def of_draw(draw: Draw, name: str) -> bytes | Path | None:
    """Return a file of a draw as it is given out: bytes of a paper, the path of one without a manifest; None
    where there is none. Raises ``ZS-WB-80``.
    """
    path = draw.folder() / name
    if not path.is_file():
        return None
    if name not in PAPERS:
        return path
    return given(path.read_bytes(), name, draw, draw.department, draw.year)


# -- what is public


def published_file(publication: Publication, name: str) -> Path | None:
    """Return a published file by its name as it lies there, without code and manifest; None where there is
    none.
    """
    folder = publication.folder()
    names = {p.name for p in folder.iterdir() if p.is_file()} if folder.is_dir() else set()
    return folder / name if name in names else None


def published(publication: Publication, name: str) -> bytes | Path | None:
    """Return a published file as it is given out: bytes of a paper, the path of one without a manifest."""
    path = published_file(publication, name)
    if path is None or path.suffix.lower() not in ENDINGS:
        return path
    return given(path.read_bytes(), name, publication, publication.department, publication.year)


def register_published(publication: Publication) -> list[Paper]:
    """Register all files of a publication, as it becomes public, and return them in order of their names."""
    folder = publication.folder()
    paths = sorted(p for p in folder.iterdir() if p.is_file()) if folder.is_dir() else []
    return [registered(path, publication, publication.department, publication.year) for path in paths]


def register_all_published() -> None:
    """Register the files of everything that is public: done once, as a site comes from a version without."""
    for one in Publication.objects.filter(state="published").order_by("pk"):
        register_published(one)


def publication_of(paper: Paper) -> Publication | None:
    """Return the publication whose file a paper is, None for one that isn't public now."""
    if paper.of != "publication":
        return None
    return Publication.objects.filter(pk=paper.object_id, state="published").first()


def entry_of(paper: Paper) -> int | None:
    """Return the number (from 1) of a paper's entry in the transparency log, None before it is sealed."""
    return transparency.place_of("paper", paper.number)


def proof_of(paper: Paper, size: int | None = None) -> dict[str, Any]:
    """Return what shows that a paper stands in the log under the checkpoint of so many entries, else the
    newest. Raises ``ZS-WB-81``, ``ZS-LG-05``.
    """
    found = transparency.inclusion_proof("paper", paper.number, size)
    if found is None:
        raise ZhunshengError("ZS-WB-81", paper=paper.code)
    return {**found, "format": PROOF, "code": paper.code}


# -- whether what was given out and kept is still so


def record_kept(one: Assessment | Draw) -> None:
    """Write down once the digests of the files that were kept with figures, or by which a draw was made."""
    folder, names = one.folder(), KEPT_FILES[str(one._meta.model_name)]
    # Without the entries that wait for the end of a transaction, which asking for all would write at once.
    told = AuditEntry._base_manager.filter(model=one._meta.model_name, object_id=str(one.pk), action=KEPT)
    if told.exists():
        return
    digests = {path.name: file_digest(path) for path in sorted(folder.iterdir()) if path.name in names}
    record(KEPT, one, {}, digests)


# What else lies there is made of these, or given out and registered.
KEPT_FILES = {
    "assessment": ("forms.json", "绩效评价报告.docx"),
    "draw": (BUNDLE, "commitment.json", "seed.json", "frame.tsv"),
}


def altered() -> list[str]:
    """Return the files that are not what the register, and by it the log, says of them: those given out,
    those published, those that official tables and reports are made of, those of draws.
    """
    return [*_altered_papers(), *_altered_publications(), *_altered_kept(Assessment), *_altered_kept(Draw)]


def _wrong(path: Path, digest: str) -> bool:
    try:
        return file_digest(path) != digest
    except OSError:
        return True


def _altered_papers() -> Iterator[str]:
    for paper in Paper.objects.order_by("number").iterator(chunk_size=1_000):
        if PurePosixPath(paper.name).suffix.lower() in ENDINGS and _wrong(paper.stored(), paper.sha256):
            yield f"出具的文件 {paper.number}（{paper}）不在，或与登记的摘要不同"


def _altered_publications() -> Iterator[str]:
    for one in Publication.objects.filter(state="published").order_by("pk").iterator(chunk_size=1_000):
        folder = one.folder()
        there = {p.name: p for p in folder.iterdir() if p.is_file()} if folder.is_dir() else {}
        told: dict[str, set[str]] = {}
        for name, raw in Paper.objects.filter(of="publication", object_id=one.pk).values_list("name", "raw"):
            told.setdefault(name, set()).add(raw)
        for name in sorted({*there, *told}):
            if name not in told:
                yield f"公开 {one.pk}（{one}）的文件“{name}”没有登记"
            elif name not in there or file_digest(there[name]) not in told[name]:
                yield f"公开 {one.pk}（{one}）的文件“{name}”不在，或与登记的摘要不同"


def _altered_kept(model: type[Assessment] | type[Draw]) -> Iterator[str]:
    kind = str(model._meta.model_name)
    entries = AuditEntry.objects.filter(action=KEPT, model=kind).order_by("object_id", "number")
    last: dict[str, dict[str, str]] = {}
    for pk, after in entries.values_list("object_id", "after").iterator(chunk_size=1_000):
        last[pk] = after
    for pk, digests in last.items():
        kept = model._base_manager.filter(pk=pk).first()
        for name, digest in digests.items():
            if kept is None or _wrong(kept.folder() / name, digest):
                said = f"{record_word(kind)} {pk}（{kept or '已不在'}）"
                yield f"{said}的文件“{name}”不在，或与日志所记的不同"
