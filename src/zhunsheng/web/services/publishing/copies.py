"""A copy of a record: what would be published of it, what is personal in it, what is left without it."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from django.utils.translation import gettext as _

from zhunsheng.disclosure import json_texts, redacted, suppressed, version, without
from zhunsheng.draws.results import categories
from zhunsheng.errors import ZhunshengError
from zhunsheng.reports.forms import target_form
from zhunsheng.targets import TargetValue
from zhunsheng.translation import worded
from zhunsheng.usecases.drawing.running import BUNDLE
from zhunsheng.usecases.target_documents import texts_of_file
from zhunsheng.web.models import Publication
from zhunsheng.web.models.targets import book_of
from zhunsheng.web.services import disclosing
from zhunsheng.web.services.disclosing import Datum
from zhunsheng.web.services.publishing.contents import BUILDERS
from zhunsheng.web.services.publishing.fields import FIELDS
from zhunsheng.web.services.publishing.subjects import refuse_unready
from zhunsheng.web.services.year.official import FORM, file_of

SELF_FILES = ("绩效自评表.xlsx", "绩效自评表.docx", "绩效评价报告.docx")
FRAME = "frame.tsv"
DRAW_FILES = (BUNDLE, FRAME, "commitment.json", "公告.html", "公告.docx", "公告.json")


@dataclass(frozen=True)
class Copy:
    """What would be published of a record: its year and title, what pages and data show,
    and files by their names.
    """

    kind: str
    year: int
    title: str
    data: dict[str, Any]
    files: dict[str, bytes]

    def digest(self) -> str:
        """Return the SHA-256 of all of it and of the rules: what was looked through as it is need not be so
        again.
        """
        told = [version(), self.kind, self.title, json.dumps(self.data, ensure_ascii=False, sort_keys=True)]
        told += [
            f"{name}:{hashlib.sha256(content).hexdigest()}" for name, content in sorted(self.files.items())
        ]
        return hashlib.sha256("\x1f".join(told).encode()).hexdigest()

    def personal(self) -> list[Datum]:
        """Return what is personal in it, wherever the public could read it. Raises ``ZS-WB-43`` for a file
        that can't be read.
        """
        # A draw's files prove one another by their digests: none can be written over.
        proof = self.kind == "draw"
        shown = [{TITLE: self.title, DATA: self.data}]
        if self.kind == "targets":
            shown.append(
                {PAGE: FORM.dump_python(target_form(book_of([self.data["sheet"]]).sheets[0]), mode="json")}
            )
        parts = [disclosing.items_in(t for n in range(len(shown)) for t in json_texts("", shown, n))]
        for name, content in self.files.items():
            texts = texts_of_file(name, content, _("文件名"))
            parts.append(disclosing.items_in(texts, source=name, fixed=proof))
        found = disclosing.joined(parts)
        for item in found:
            item.places = [_place(place) for place in item.places]
        return found

    def without(self, items: list[Datum], before: Sequence[dict[str, Any]] = ()) -> Copy:
        """Return it with what was decided to be hidden hidden everywhere; ``before`` is the data published of
        it earlier.

        Raises ``ZS-WB-42`` where something stands that can't be written over.
        """
        gone = disclosing.hides(items)
        if all(item.decision != disclosing.HIDE for item in items):
            return self
        shown = [{TITLE: self.title, DATA: copy.deepcopy(self.data)}]
        for text in json_texts("", shown, 0):
            text.hide(gone)
        data: dict[str, Any] = cast(dict[str, Any], shown[0][DATA])
        for line in data["sheet"]["indicators"] if self.kind == "targets" else ():
            if line["target"]["raw"] != _raw_of(self.data, line["id"]):
                line["target"] = TargetValue.parse(line["target"]["raw"]).model_dump(mode="json")
        if self.kind == "results":
            data |= _persons(data, before)
        files = {name: without(name, content, gone) for name, content in self.files.items()}
        made = Copy(self.kind, self.year, redacted(self.title, gone), data, files)
        kept = disclosing.chosen(items, disclosing.KEEP)
        for item in made.personal():
            if not disclosing.is_among(item, kept):
                raise ZhunshengError("ZS-WB-42", name=item.places[0], kind=item.title)
        return made


TITLE, DATA, PAGE = worded("标题"), worded("公开的数据"), worded("公开的页面")


def _persons(data: dict[str, Any], before: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the results of a draw without the rows of natural persons, whose numbers are hidden: by result,
    how many.

    A row that names nobody still tells of someone where there are few; so only counts are told,
    and no small ones.
    """
    listed, counts = [], dict.fromkeys(categories(), 0)
    for row in data["results"]:
        if row["id"].startswith(HIDDEN):
            counts[row["result"]] = counts.get(row["result"], 0) + 1
        else:
            listed.append(row)
    if len(listed) == len(data["results"]):
        return {}
    earlier = [one["persons"] for one in before if "persons" in one]
    return {"results": listed, "persons": suppressed(counts, earlier).as_json()}


HIDDEN = "〔已隐去"  # begins what stands in the place of what was hidden
# Names of the parts of a copy beside those of the open data's fields, for whoever decides what is hidden.
PARTS = {
    "sheet": worded("目标表"),
    "purpose": worded("资金用途"),
    "goals": worded("绩效目标"),
    "text": worded("内容"),
    "indicators": worded("指标"),
    "raw": "",
    "scores": worded("自评"),
    "forms": worded("官方表样"),
    "rows": worded("行"),
    "notes": worded("附注"),
    "caption": worded("表头"),
    "plan": worded("抽查方案"),
    "items": worded("抽查事项"),
    "drawn": worded("抽中名单"),
    "results": worded("检查结果"),
    "randomness": worded("随机数"),
    "speakers": worded("现场报数人"),
    "parts": worded("其他得分"),
    "how": worded("说明"),
    "contest": worded("争议"),
    "accepted": worded("裁定理由"),
    "refused": worded("裁定理由"),
}


def _place(path: str) -> str:
    """Return a place within a copy in words."""
    titles = {name: title for fields in FIELDS.values() for name, title, _type in fields} | PARTS
    said = []
    for part in path.split(" › "):
        name = re.split("[^A-Za-z_0-9]", part, maxsplit=1)[0]
        rest = part.removeprefix(name)
        said.append(f"{titles.get(name, name) if '.' not in part else name}{rest}")
    words = " › ".join(part for part in said if part)
    return re.sub("行第([0-9]+)项第([0-9]+)项 › 内容", r"第\1行第\2格", words)


def _raw_of(data: dict[str, Any], code: str) -> str:
    return next(str(i["target"]["raw"]) for i in data["sheet"]["indicators"] if i["id"] == code)


def copied(kind: str, subject: Any, *, frame: bool = True) -> Copy:
    """Return what would be published of a record. Raises ``ZS-WB-01`` where it is not ready for it.

    ``frame`` False, of a draw: without the list of all who were in it; each of them still gets a proof of
    their own.
    """
    refuse_unready(kind, subject)
    year, title, data = BUILDERS[kind](subject)
    files: list[Path] = []
    if kind == "draw":
        files = [subject.folder() / name for name in DRAW_FILES if frame or name != FRAME]
    if kind == "self":
        files = [file for name in SELF_FILES if (file := file_of(subject, name))]
    return Copy(kind, year, title, data, {file.name: file.read_bytes() for file in files if file.is_file()})


def copy_of(publication: Publication) -> Copy:
    """Return a publication's copy as it lies there."""
    folder = publication.folder()
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return Copy(
        publication.kind,
        publication.year,
        publication.title,
        publication.data,
        {file.name: file.read_bytes() for file in files if file.is_file()},
    )
