"""The official forms and files of a checkpoint or self-evaluation, made when someone wants them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from zhunsheng.files.scratch import scratch_folder
from zhunsheng.reports.forms import Form
from zhunsheng.usecases.outputs import write_table
from zhunsheng.web.models import Assessment
from zhunsheng.web.services import papers
from zhunsheng.web.services.year.comparing import drifted
from zhunsheng.web.services.year.figures import assess_now
from zhunsheng.web.services.year.filling import fill
from zhunsheng.web.services.year.keeping import TABLES
from zhunsheng.web.services.year.records import Record

# What a record's people take along: the tables are written from the kept forms when asked for,
# the report with the forms.
FORM = TypeAdapter(Form)


def forms_of(record: Record, name: str) -> list[dict[str, Any]]:
    """Return the official forms of a checkpoint or self-evaluation as data; empty where there
    are no figures.
    """
    folder = _kept_forms(record)
    return _read_forms(folder, name) if folder else []


def _read_forms(folder: Path, name: str) -> list[dict[str, Any]]:
    forms: list[dict[str, Any]] = json.loads((folder / "forms.json").read_text("utf8")).get(name, [])
    return forms


def file_of(record: Record, name: str) -> Path | None:
    """Return one of a record's official files (``TABLES`` or ``REPORT``), None for one without figures."""
    folder = _kept_forms(record)
    if folder is None:
        return None
    if (folder / name).is_file() or name not in TABLES:
        return folder / name
    with scratch_folder(folder.parent) as scratch:
        made = scratch / name
        _write_table(folder, made)
        made.replace(folder / name)
    return folder / name


def _write_table(folder: Path, path: Path) -> None:
    """Write an official table, named by the file's name, from the forms that were kept with figures."""
    forms = _read_forms(folder, TABLES[path.name])
    write_table(
        [(form.get("sheet") or f"{n}", FORM.validate_python(form)) for n, form in enumerate(forms, 1)], path
    )


def made_of(assessment: Assessment, name: str) -> bytes | None:
    """Return an official file made anew of what was kept with figures; None where nothing was."""
    folder = assessment.folder()
    if not (folder / "forms.json").is_file():
        return None
    if name not in TABLES:
        return (folder / name).read_bytes()
    with scratch_folder(folder.parent) as scratch:
        _write_table(folder, scratch / name)
        return (scratch / name).read_bytes()


def given(record: Record, name: str, title: str) -> bytes | None:
    """Return one of a record's official files as it is given out under a ``title``; None for one without
    figures. Raises ``ZS-WB-80``.
    """
    file = file_of(record, name)
    if file is None or not file.is_file():
        return None
    return papers.given(file.read_bytes(), title, record, record.department, record.year, file.parent.name)


def _kept_forms(record: Record) -> Path | None:
    """Return the folder of a record's official forms, None for one without figures.

    Words are saved quickly; the forms are made when someone wants them, or at the latest when the record is
    submitted. Figures that were overtaken while the record is open are filled anew.
    """
    kept = record.assessment
    if kept is None:
        return None
    if not (kept.folder() / "forms.json").is_file():
        if not drifted(record):
            assess_now(kept.department, kept.year, kept.as_of, tables=True, record=record)
        else:
            kept = fill(record, tables=True).assessment
    if kept is None or not (kept.folder() / "forms.json").is_file():
        return None
    papers.record_kept(kept)
    return kept.folder()
