"""Write the archive by which a machine without network gets the site: ``python deploy/offline.py``.

It holds the wheel of this tree, those that the lock names (requirements/run.txt) for Linux on x86-64 and
aarch64, the lock, ``install.sh``, a unit for systemd, the documents and the SHA-256 of every file. ``--arch``
leaves the other processors out.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).parent
PYTHON = "3.11"
# What wheels call the systems they run on, those with glibc 2.28 or newer: Debian 10, RHEL 8, UOS 20.
GLIBC = (28, 27, 26, 24, 17)
OLDER = {"x86_64": ("manylinux2014", "manylinux2010", "manylinux1"), "aarch64": ("manylinux2014",)}
LOCKED = ROOT / "requirements/run.txt"
ALSO = (LOCKED, HERE / "install.sh", HERE / "zhunsheng.service", ROOT / "LICENSE", ROOT / "README.zh-CN.md")


def platforms(arch: str) -> list[str]:
    """Return the tags of the systems on a processor that wheels of the lock may be for."""
    return [f"manylinux_2_{n}_{arch}" for n in GLIBC] + [f"{one}_{arch}" for one in OLDER[arch]]


def _pip(*words: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *words], check=True
    )


def fill(folder: Path, arches: list[str]) -> str:
    """Put everything into a folder; returns the version."""
    wheels = folder / "wheels"
    # The backend is that of development's lock: nothing is fetched but what a digest was noted of.
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(wheels), str(ROOT))
    (own,) = wheels.glob("zhunsheng-*.whl")
    for arch in arches:
        tags = [word for tag in platforms(arch) for word in ("--platform", tag)]
        only = ["--only-binary=:all:", "--no-deps", "--python-version", PYTHON, "--implementation", "cp"]
        abis = ["--abi", f"cp{PYTHON.replace('.', '')}", "--abi", "abi3", "--abi", "none"]
        _pip("download", "--require-hashes", *only, *abis, *tags, "-r", str(LOCKED), "-d", str(wheels))
    for path in ALSO:
        shutil.copy(path, folder / path.name)
    # What is read, not what draws it.
    shutil.copytree(
        ROOT / "docs", folder / "docs", ignore=shutil.ignore_patterns("sphinx", "second-verifier")
    )
    listed = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.relative_to(folder)}\n" for one in listed]
    (folder / "SHA256SUMS").write_text("".join(lines))
    return own.name.split("-")[1]


def pack(folder: Path, archive: Path, top: str) -> None:
    """Write a folder as tar.gz whose bytes depend on nothing but its files."""

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        member.mtime = 0
        member.mode = 0o755 if member.isdir() or member.name.endswith(".sh") else 0o644
        return member

    with (
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", 1, raw, mtime=0) as packed,  # wheels are packed already
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        for path in sorted(folder.rglob("*")):
            tar.add(path, f"{top}/{path.relative_to(folder)}", recursive=False, filter=plain)


def main() -> None:
    """Make the archive and say where it is and what it holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build/offline")
    parser.add_argument("--arch", action="append", choices=list(OLDER))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=given.out) as scratch:
        version = fill(Path(scratch), given.arch or list(OLDER))
        top = f"zhunsheng-{version}-offline"
        made = given.out / f"{top}.tar.gz"
        pack(Path(scratch), made, top)
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    print(f"{made}\n{made.stat().st_size / 2**20:.0f} MiB, SHA-256 {digest}")


if __name__ == "__main__":
    main()
