"""Papers of past days made anew: from the evidence as it was then where all it rested on still stands, else
from what was kept of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.utils.translation import gettext as _

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.scratch import scratch_folder
from zhunsheng.papers.packing import ENDINGS
from zhunsheng.usecases.outputs import official_forms, write_outputs, write_table
from zhunsheng.web.models import (
    Assessment,
    Checkpoint,
    Draw,
    KeyEvaluation,
    Paper,
    Publication,
    SelfEvaluation,
    SheetVersion,
)
from zhunsheng.web.services import evidence as site
from zhunsheng.web.services import keyeval, papers, versions
from zhunsheng.web.services.year import official
from zhunsheng.web.services.year.keeping import REPORT, TABLES
from zhunsheng.web.services.year.question import Question


@dataclass(frozen=True)
class Rebuilt:
    """A paper made anew: the bytes, from what in words, whether they are those that were given out.

    ``content`` is None where it can't be made anew; ``kept`` says whether the file as given out is still
    there.
    """

    paper: Paper
    content: bytes | None
    how: str
    same: bool
    kept: bool


def rebuilt(paper: Paper) -> Rebuilt:
    """Make a paper anew, by the strongest way that gives the same file as then; else say how it differs."""
    kept = _is_kept(paper)
    last: tuple[bytes | None, str] = (None, _("要用的内容当时没有单独留存，只留存了文件本身"))
    for make in (_computed, _from_kept):
        found = make(paper)
        if found is None:
            continue
        raw, how = found
        content = papers.again(raw, paper)
        if hashlib.sha256(content).hexdigest() == paper.sha256:
            return Rebuilt(paper, content, how, same=True, kept=kept)
        last = content, how
    return Rebuilt(paper, *last, same=False, kept=kept)


def _is_kept(paper: Paper) -> bool:
    if PurePosixPath(paper.name).suffix.lower() not in ENDINGS:
        return True  # it lies where it was published from, which ``papers.altered`` looks at
    with suppress(ZhunshengError):
        papers.file_of(paper)
        return True
    return False


Made = tuple[bytes, str]


def _figures(paper: Paper) -> tuple[Assessment, str] | None:
    """Return the figures of a paper and which of their files it is of."""
    name = next((n for n in (*TABLES, REPORT) if _is_of(paper, n)), None)
    kept = Assessment.objects.filter(department=paper.department, year=paper.year, key=paper.ground).first()
    return (kept, name) if kept and name else None


def _is_of(paper: Paper, name: str) -> bool:
    pure, given = PurePosixPath(name), PurePosixPath(paper.name)
    return given.suffix == pure.suffix and pure.stem in given.stem


def _computed(paper: Paper) -> Made | None:
    """Compute the figures again from the evidence as of then, where the key says that all they rest on is as
    it was: batch, sheets, words, rulings, rules and measures.
    """
    if paper.of == "sheetversion":
        version = SheetVersion.objects.get(pk=paper.object_id)
        kind = PurePosixPath(paper.name).suffix.removeprefix(".")
        return versions.table_of(version, kind), _("由目标表的这一版重做")
    if paper.of not in ("checkpoint", "selfevaluation") or (found := _figures(paper)) is None:
        return None
    kept, name = found
    model = Checkpoint if paper.of == "checkpoint" else SelfEvaluation
    record = model.objects.get(pk=paper.object_id)
    evidence = site.opened(batch=kept.batch)
    asked = Question(paper.department, paper.year, kept.as_of, record)
    try:
        if asked.basis(evidence.snapshot) != kept.key:
            return None
        done = asked.answer(evidence)
    except ZhunshengError:
        return None
    with scratch_folder() as scratch:
        if name == REPORT:
            write_outputs(done, evidence, scratch, only=[PurePosixPath(REPORT).stem], faced=False)
        else:
            write_table(official_forms(done)[TABLES[name]], scratch / name)
        return (scratch / name).read_bytes(), _("由截至第 %(batch)s 批的证据重新计算") % {"batch": kept.batch}


def _from_kept(paper: Paper) -> Made | None:
    """Make a paper from what was kept of the record."""
    made: Callable[[], bytes | None]
    if paper.of in ("checkpoint", "selfevaluation"):
        found = _figures(paper)
        made = (lambda: official.made_of(*found)) if found else (lambda: None)
        how = _("由当时留存的表样和报告重做：填报或口径此后改过，不能再由证据算出")
    elif paper.of == "keyevaluation":
        evaluation = KeyEvaluation.objects.get(pk=paper.object_id)
        made, how = (lambda: keyeval.report_of(evaluation, paper.issued)), _("由评价记录重做")
    elif paper.of in ("draw", "publication"):
        model = Draw if paper.of == "draw" else Publication
        path = model.objects.get(pk=paper.object_id).folder() / paper.name
        made, how = (lambda: path.read_bytes() if path.is_file() else None), _("由留存的内容重做")
    else:
        return None
    content = made()
    return (content, how) if content is not None else None
