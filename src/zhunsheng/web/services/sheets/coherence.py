"""How the targets of a department's year hang together, by the newest version of each sheet."""

from __future__ import annotations

from zhunsheng.measures.definitions import of_body
from zhunsheng.targets import Book
from zhunsheng.usecases.coherence import Coherence, coherence
from zhunsheng.web.models import Organisation, SheetVersion
from zhunsheng.web.models.targets import NO_SOURCE
from zhunsheng.web.services.matching import links_of
from zhunsheng.web.services.sheets import lookup


def coherence_of(department: Organisation, year: int) -> tuple[Coherence, list[SheetVersion]]:
    """Return the map of a year's targets and the versions that it is drawn of."""
    versions = [lookup.newest(sheet) for sheet in lookup.sheets_of(department, year)]
    book = Book(source=NO_SOURCE, sheets=tuple(version.target_sheet() for version in versions))
    return coherence(book, of_body(department.code), links_of(department, book)), versions
