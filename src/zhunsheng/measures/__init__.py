"""What the evidence says: measures over ledgers as data, run on an engine, and readings with their lineage."""

from zhunsheng.measures.definitions import Measure, catalogue, measure_of, measures
from zhunsheng.measures.engines import DuckEngine, Engine, SparkEngine
from zhunsheng.measures.matching import Mapping, Match, match_book, read_mapping, write_mapping
from zhunsheng.measures.reading import EvidenceRow, Reading, Readings, combine, evidence_rows, read_all, show_number

__all__ = [
    "DuckEngine",
    "Engine",
    "EvidenceRow",
    "Mapping",
    "Match",
    "Measure",
    "Reading",
    "Readings",
    "SparkEngine",
    "catalogue",
    "combine",
    "evidence_rows",
    "match_book",
    "measure_of",
    "measures",
    "read_all",
    "read_mapping",
    "show_number",
    "write_mapping",
]
