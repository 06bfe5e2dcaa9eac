"""The official forms and files of a checkpoint or self-evaluation, made when someone wants them."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from zhunsheng.reports.forms import Form
from zhunsheng.usecases.outputs import write_table
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
    forms = _read_forms(folder, TABLES[name])
    named = [(form.get("sheet") or f"{n}", FORM.validate_python(form)) for n, form in enumerate(forms, 1)]
    with tempfile.TemporaryDirectory(prefix="making-", dir=folder.parent) as scratch:
        made = Path(scratch) / name
        write_table(named, made)
        made.replace(folder / name)
    return folder / name


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
    return kept.folder() if kept and (kept.folder() / "forms.json").is_file() else None
