"""What happened: ledgers as data files, imports checked row by row, and a versioned, verifiable store."""

from zhunsheng.evidence.importing import Checked, RowError, check_file
from zhunsheng.evidence.ledgers import Column, Ledger, ledger_of, ledgers
from zhunsheng.evidence.marking import marked_copy
from zhunsheng.evidence.store import Batch, Snapshot, Store
from zhunsheng.evidence.template import write_template

__all__ = [
    "Batch",
    "Checked",
    "Column",
    "Ledger",
    "RowError",
    "Snapshot",
    "Store",
    "check_file",
    "ledger_of",
    "ledgers",
    "marked_copy",
    "write_template",
]
