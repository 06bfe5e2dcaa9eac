"""What happened: ledgers as data files, imports checked row by row, and a versioned, verifiable store."""

from zhunsheng.evidence.bounds import HOME, WEB, Bounds
from zhunsheng.evidence.browsing import LedgerPage, LedgerRow, View, Window, browse
from zhunsheng.evidence.departments import Department
from zhunsheng.evidence.importing import Checked, RowError, check_file
from zhunsheng.evidence.ledgers import Column, Ledger, ledger_of, ledgers, ledgers_of
from zhunsheng.evidence.marking import marked_copy
from zhunsheng.evidence.parquet import look_parquet
from zhunsheng.evidence.privacy import Cipher, mask
from zhunsheng.evidence.records import Batch
from zhunsheng.evidence.snapshot import Snapshot
from zhunsheng.evidence.store import Store
from zhunsheng.evidence.template import write_template

__all__ = [
    "HOME",
    "WEB",
    "Batch",
    "Bounds",
    "Checked",
    "Cipher",
    "Column",
    "Department",
    "Ledger",
    "LedgerPage",
    "LedgerRow",
    "RowError",
    "Snapshot",
    "Store",
    "View",
    "Window",
    "browse",
    "check_file",
    "ledger_of",
    "ledgers",
    "ledgers_of",
    "look_parquet",
    "marked_copy",
    "mask",
    "write_template",
]
