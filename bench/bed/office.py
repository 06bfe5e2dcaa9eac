"""Turn test documents into the formats that an office suite writes (LibreOffice, where it is installed)."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

# From which written format, and by which filter.
FILTERS = {
    "doc": ("docx", "doc:MS Word 97"),
    "wps": ("docx", "doc:MS Word 97"),
    "rtf": ("docx", "rtf:Rich Text Format"),
    "pdf": ("docx", "pdf:writer_pdf_Export"),
    "xls": ("xlsx", "xls:MS Excel 97"),
    "et": ("xlsx", "xls:MS Excel 97"),
    "ods": ("xlsx", "ods:calc8"),
    "odt": ("docx", "odt:writer8"),
}
BATCH = 60  # files one run of the suite takes


def source(ending: str) -> str:
    """Return the format that is written for one that the suite makes of it."""
    return FILTERS[ending][0] if ending in FILTERS else ending


def convert(files: Iterable[Path], ending: str) -> list[Path]:
    """Return each file in another format, beside it; the suite runs once for many files.

    Raises ``FileNotFoundError`` where the suite is not installed, or made no file.
    """
    program = shutil.which("soffice")
    if program is None:
        raise FileNotFoundError("soffice")
    files = list(files)
    with tempfile.TemporaryDirectory() as folder:
        mine, out = Path(folder) / "in", Path(folder) / "out"
        mine.mkdir()
        named = []
        for n, path in enumerate(files):  # names may repeat in their folders
            named.append(mine / f"{n}{path.suffix}")
            shutil.copyfile(path, named[-1])
        for start in range(0, len(named), BATCH):
            subprocess.run(
                [
                    *(program, "--headless", f"-env:UserInstallation=file://{folder}/profile"),
                    *("--convert-to", FILTERS[ending][1], "--outdir", str(out)),
                    *map(str, named[start : start + BATCH]),
                ],
                check=True,
                capture_output=True,
            )
        found = []
        for n, path in enumerate(files):
            found.append(path.with_suffix(f".{ending}"))
            shutil.move(out / f"{n}.{FILTERS[ending][1].partition(':')[0]}", found[-1])
    return found
