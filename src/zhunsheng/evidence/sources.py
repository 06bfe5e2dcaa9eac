"""The files that were imported, kept as they came, or encrypted."""

from __future__ import annotations

import shutil
from pathlib import Path

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence.importing import Checked
from zhunsheng.evidence.privacy import Cipher
from zhunsheng.evidence.records import Batch
from zhunsheng.files.writing import whole_file
from zhunsheng.translation import worded

# That a kept source can have.
_ENDINGS = (".csv", ".tsv", ".xlsx", ".xls", ".et", ".ods", ".parquet", ".xlsm", ".txt", ".html", "")


def keep_source(root: Path, checked: Checked, cipher: Cipher | None) -> None:
    """Keep the file of an import under its digest; with a ``cipher`` encrypted."""
    folder = root / "sources"
    folder.mkdir(parents=True, exist_ok=True)
    ending = checked.path.suffix.lower()
    ending = (
        ending if ending in _ENDINGS else ""
    )  # what a stranger calls an ending may be longer than any name
    target = folder / f"{checked.sha256}{ending}{'.enc' if cipher else ''}"
    if not target.exists():
        with whole_file(target) as partial:
            if cipher:
                partial.write_bytes(cipher.sealed(checked.path.read_bytes()))
            else:
                shutil.copyfile(checked.path, partial)


def sources(root: Path, sha256: str) -> list[Path]:
    """Return the kept files of a digest."""
    # Asked for by name: looking through the folder would cost more with every batch.
    folder = root / "sources"
    paths = [folder / f"{sha256}{ending}{sealed}" for ending in _ENDINGS for sealed in ("", ".enc")]
    found = [p for p in paths if p.is_file()]
    return found or sorted(folder.glob(f"{sha256}*"))


def source_of(root: Path, batch: Batch, cipher: Cipher | None) -> tuple[str, bytes]:
    """Return the name and the bytes of the file that a batch was imported from. Raises ``ZS-EV-11``,
    ``ZS-EV-13``.
    """
    for path in sources(root, batch.sha256) if batch.sha256 else ():
        if path.suffix != ".enc":
            return batch.file, path.read_bytes()
        if not cipher:
            raise ZhunshengError("ZS-EV-13", detail=worded("没有配置密钥"))
        return batch.file, cipher.opened(path.read_bytes())
    raise ZhunshengError("ZS-EV-11", detail=worded("批次 {batch} 的原文件丢失", batch=batch.batch))
