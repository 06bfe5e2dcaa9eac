"""Small files of a ledger put together, as a batch of its own that changes no row."""

from __future__ import annotations

from deltalake import DeltaTable

from zhunsheng.evidence import layout, mirror
from zhunsheng.evidence.batches import next_batch, recover
from zhunsheng.evidence.commits import FILE_SIZE, NO_HOOKS, properties
from zhunsheng.evidence.index import Index
from zhunsheng.evidence.objects import ObjectStoreError
from zhunsheng.evidence.records import Batch

COMPACT_FROM = 16  # so many small files of a ledger are put together
SMALL = FILE_SIZE // 4  # bytes; a larger file is no reason to put files together


def compact_where_due(index: Index, ledger: str, who: str | None = None) -> None:
    """Put a ledger's small files together once there are ``COMPACT_FROM`` of them.

    The batch before is made: where an object store does not take this one, it waits for the next time.
    """
    if sum(size < SMALL for _, size in index.files(ledger)) >= COMPACT_FROM:
        try:
            compact(index, ledger, who)
        except ObjectStoreError:
            mirror.discard(index)
            clear(index)


def compact(index: Index, ledger: str, who: str | None = None) -> Batch:
    """Put a ledger's small files together; return the batch that records it."""
    table = DeltaTable(layout.table(index.root, ledger))
    table.create_checkpoint()
    log = layout.table(index.root, ledger) / "_delta_log"
    # A hint to readers that could be altered apart from the log; they find the checkpoint without it.
    (log / "_last_checkpoint").unlink(missing_ok=True)
    checkpoint = log / f"{table.version():020d}.checkpoint.parquet"
    small = [size for _, size in index.files(ledger) if size < SMALL]
    batch = next_batch(
        index,
        ledger,
        who,
        None,
        file=f"整理：{len(small)} 个小文件合为一处",
        compacts=len(small),
        files=(layout.seen(index.root, checkpoint),),
    )
    table.optimize.compact(
        target_size=FILE_SIZE, commit_properties=properties(batch), post_commithook_properties=NO_HOOKS
    )
    return recover(index)[-1]


def clear(index: Index) -> None:
    """Remove the checkpoint of a compaction that was killed before its commit."""
    for name, version in index.heads().items():
        log = layout.table(index.root, name) / "_delta_log"
        for left in (log / "_last_checkpoint", log / f"{version:020d}.checkpoint.parquet"):
            left.unlink(missing_ok=True)
