"""What the columns and values of one source mean in a ledger, as a person confirmed it: kept as data,
used again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.ledgers import DEPARTMENT, Ledger, ledger_of
from zhunsheng.faults import fault, parsed, written
from zhunsheng.files.writing import write_whole
from zhunsheng.text import cleaned
from zhunsheng.translation import worded

UNUSED = "unused"  # the answer that a column is none of the ledger's
REFUSED = "refused"  # the answer that a value is none of the column's: its rows stay errors
EMPTIED = "empty"  # the answer that a word says that there is no value yet (未办结): the cell is empty
_DEPARTMENT_TITLE = "部门"


class LedgerMapping(BaseModel):
    """The mapping of one source: ``columns`` gives the ledger's column (name or title) by the file's title,
    None for one that is not used; ``values`` by column what a text there means, an empty one that there
    is none, None for one that stays an error; ``answers`` what was answered once for all (``cleared:…``).
    ``titles`` are those of the file it was made from, by which others of the source are known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    ledger: str
    titles: tuple[str, ...] = ()
    columns: dict[str, str | None] = {}
    values: dict[str, dict[str, str | None]] = {}
    answers: dict[str, str] = {}

    def of_names(self) -> LedgerMapping:
        """Return the mapping with columns by name instead of title. Raises ``ZS-EV-01``, ``ZS-EV-48`` for a
        column or value that the ledger does not have.
        """
        ledger = ledger_of(self.ledger)
        columns = {
            title: None if to is None else self._named(ledger, to) for title, to in self.columns.items()
        }
        values = {self._named(ledger, column): texts for column, texts in self.values.items()}
        for name, texts in values.items():
            allowed = ledger.column(name).values if name != DEPARTMENT else ()
            for text, value in texts.items():
                if text in allowed and value != text:
                    detail = worded("“{text}”本来就是这一列的取值，不能当作别的", text=text)
                    raise ZhunshengError("ZS-EV-48", name=self.name or ledger.title, detail=detail)
                if allowed and value is not None and value not in allowed:
                    detail = worded("“{text}”对应的“{value}”不是这一列的取值", text=text, value=value)
                    raise ZhunshengError("ZS-EV-48", name=self.name or ledger.title, detail=detail)
        return self.model_copy(update={"ledger": ledger.id, "columns": columns, "values": values})

    def _named(self, ledger: Ledger, word: str) -> str:
        if name := column_named(ledger, word):
            return name
        detail = worded("“{ledger}”没有列“{column}”", ledger=ledger.title, column=word)
        raise ZhunshengError("ZS-EV-48", name=self.name or ledger.title, detail=detail)

    def titled(self) -> LedgerMapping:
        """Return the mapping with columns by title, as people read it."""
        ledger = ledger_of(self.ledger)
        title = {c.name: c.title for c in ledger.columns} | {DEPARTMENT: _DEPARTMENT_TITLE}
        return self.model_copy(
            update={
                "ledger": ledger.title,
                "columns": {k: None if v is None else title.get(v, v) for k, v in self.columns.items()},
                "values": {title.get(k, k): v for k, v in self.values.items()},
            }
        )


@dataclass(frozen=True)
class Guide:
    """By what a file is read beyond the ledger's own titles and values: a mapping, mappings ``remembered``
    of earlier files, of which the one whose titles it has is taken, what was answered of this file
    (``chosen``), and of what likenesses are to be proposed (``columns``, ``values``). With ``examples`` rows
    that seem to show how a table is filled in are records like the others. ``department`` is the code of
    whose ledgers it can be of; a ``sample`` is of none: every title is a column of text.
    """

    mapping: LedgerMapping | None = None
    remembered: Sequence[LedgerMapping] = ()
    chosen: LedgerMapping | None = None
    propose: frozenset[str] = frozenset()
    examples: bool = False
    department: str = ""
    sample: bool = False


UNGUIDED = Guide()


def column_named(ledger: Ledger, word: str) -> str | None:
    """Return the name of a ledger's column by its name or title, None where it has none such."""
    if word in (DEPARTMENT, _DEPARTMENT_TITLE):
        return DEPARTMENT
    return next((c.name for c in ledger.columns if word in (c.name, c.title)), None)


def chosen_of(ledger: str, answers: Mapping[str, str]) -> LedgerMapping:
    """Return what answers say of columns (``column:TITLE``) and values (``value:COLUMN:TEXT``)."""
    columns: dict[str, str | None] = {}
    values: dict[str, dict[str, str | None]] = {}
    for key, answer in answers.items():
        kind, _, rest = key.partition(":")
        if kind == "column":
            columns[rest] = None if answer in ("", UNUSED) else answer
        elif kind == "value":
            column, _, text = rest.partition(":")
            meant = None if answer in ("", REFUSED) else "" if answer == EMPTIED else answer
            values.setdefault(column, {})[text] = meant
    return LedgerMapping(ledger=ledger, columns=columns, values=values)


def read_ledger_mapping(path: Path) -> LedgerMapping:
    """Read a mapping file (YAML). Raises ``ZS-IN-01``, ``ZS-IN-05``, ``ZS-EV-01``, ``ZS-EV-48``."""
    return mapping_of(written(path), path.name)


def mapping_of(text: str, name: str) -> LedgerMapping:
    """Return the mapping that a YAML text holds, columns by name. Raises ``ZS-EV-01``, ``ZS-EV-48``."""
    try:
        said = LedgerMapping.model_validate(cleaned(parsed(text)))
    except (yaml.YAMLError, ValidationError) as error:
        raise ZhunshengError("ZS-EV-48", name=name, detail=fault(error)) from None
    return said.of_names()


def mapping_text(mapping: LedgerMapping) -> str:
    """Return a mapping as YAML, columns by title."""
    said = mapping.titled().model_dump(mode="json", exclude_defaults=True)
    return yaml.safe_dump(said, allow_unicode=True, sort_keys=False, width=1000)


def write_ledger_mapping(path: Path, mapping: LedgerMapping) -> None:
    """Write a mapping file, whole or not at all."""
    write_whole(path, mapping_text(mapping).encode())
