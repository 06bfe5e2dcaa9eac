"""What the evidence says: measures over ledgers as data, run on an engine, and readings
with their lineage.
"""

from zhunsheng.measures.absence import Absence, absences, why_absent
from zhunsheng.measures.compiling import Rows
from zhunsheng.measures.definitions import Measure, catalogue, measure_of, measures
from zhunsheng.measures.engines import DuckEngine, Engine, SparkEngine, Where
from zhunsheng.measures.lineage import Lineage
from zhunsheng.measures.matching import (
    Link,
    Match,
    MeasureLink,
    ProjectLink,
    ProjectMatch,
    check_projects,
    match_book,
    match_projects,
    read_mapping,
    taken_by,
    write_mapping,
)
from zhunsheng.measures.reading import EvidenceRow, Reading, Readings, combine, evidence_rows, read_all
from zhunsheng.wording import number as show_number

__all__ = [
    "Absence",
    "DuckEngine",
    "Engine",
    "EvidenceRow",
    "Lineage",
    "Link",
    "Match",
    "Measure",
    "MeasureLink",
    "ProjectLink",
    "ProjectMatch",
    "Reading",
    "Readings",
    "Rows",
    "SparkEngine",
    "Where",
    "absences",
    "catalogue",
    "check_projects",
    "combine",
    "evidence_rows",
    "match_book",
    "match_projects",
    "measure_of",
    "measures",
    "read_all",
    "read_mapping",
    "show_number",
    "taken_by",
    "why_absent",
    "write_mapping",
]
