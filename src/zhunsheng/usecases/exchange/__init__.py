"""Targets, monitoring, self-evaluation and the indicator library in the field names of the ministry's data
standard, so that nothing is typed again into the finance bureau's system.
"""

from zhunsheng.usecases.exchange.library import library_of, of_library
from zhunsheng.usecases.exchange.sheets import of_run, of_sheets, sheets_of
from zhunsheng.usecases.exchange.tables import Tables, as_json, as_workbook, read, read_file, standard

__all__ = [
    "Tables",
    "as_json",
    "as_workbook",
    "library_of",
    "of_library",
    "of_run",
    "of_sheets",
    "read",
    "read_file",
    "sheets_of",
    "standard",
]
