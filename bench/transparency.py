"""What the transparency log costs at 10 million entries: proofs, sealing, its download and its check.

``python bench/transparency.py --database sqlite`` (or ``postgres``) makes a site under build/bench/log with a
log of so many entries, laid into the database's own tables, and measures through the site's services and the
command that people run. The table goes to docs/benchmarks-transparency.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

WORK = Path("build/bench/log")
DOC = Path("docs/benchmarks-transparency.md")
SEALED = 50_000  # entries sealed through the services, on top
PROOFS = 200
AT_ONCE = 100_000


def start_site(database: str, laid_before: bool) -> Any:
    """Make an empty site on a database of its own; return what must stay alive with it."""
    if not laid_before:
        shutil.rmtree(WORK / database, ignore_errors=True)
        (WORK / database).mkdir(parents=True)
    os.environ |= {
        "ZHUNSHENG_DATA": str((WORK / database).resolve()),
        "ZHUNSHENG_HTTPS": "0",
        "DJANGO_SETTINGS_MODULE": "zhunsheng.web.settings",
    }
    server = None
    if database == "postgres":
        sys.path.insert(0, "tests")
        import servers

        # Beside the data folder, which is the site's account's alone.
        place = WORK.resolve() / "server"
        if not laid_before:
            shutil.rmtree(place, ignore_errors=True)
        server = servers.postgres(place)
        host = server.get_uri().split("host=")[1].replace("/", "%2F")
        os.environ["ZHUNSHENG_DATABASE"] = f"postgres://postgres@{host}/postgres"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return server


def laid(count: int) -> None:
    """Lay the entries of a log of so many into its tables, with its nodes and a checkpoint."""
    from django.db import connection, transaction
    from django.utils import timezone

    from zhunsheng.transparency.checkpoints import Checkpoint, signed
    from zhunsheng.transparency.entries import Entry
    from zhunsheng.transparency.merkle import Growing
    from zhunsheng.web.models import LogCheckpoint, LogNode
    from zhunsheng.web.services import transparency

    tree = Growing()
    nodes: list[LogNode] = []

    def rows(start: int, end: int) -> Iterator[tuple[int, str, int, str]]:
        for index in range(start, end):
            digest = hashlib.sha256(str(index).encode()).hexdigest()
            for level, place, found in tree.add(Entry("batch", index + 1, digest).leaf()):
                if level and level % transparency.STEP == 0:
                    nodes.append(LogNode(level=level, index=place, hash=found))
            yield index, "batch", index + 1, digest

    table = 'web_logentry ("index", kind, number, digest)'
    for start in range(0, count, AT_ONCE):
        part = list(rows(start, min(start + AT_ONCE, count)))
        with transaction.atomic(), connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.executemany(f"INSERT INTO {table} VALUES (%s, %s, %s, %s)", part)
            else:
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    for row in part:
                        copy.write_row(row)
            LogNode.objects.bulk_create(nodes)
            nodes.clear()
    now = timezone.now().replace(microsecond=0)
    said = Checkpoint(transparency.origin(), tree.size, tree.root(), now)
    keys = transparency._signing(["ed25519"])
    LogCheckpoint.objects.create(size=tree.size, at=now, note=signed(said, *keys))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def of_each(act: Callable[[int], Any], over: list[int]) -> dict[str, float]:
    """Return the median, the 99th percentile and the largest of times (ms) and the largest JSON (bytes)."""
    times, used, most = [], [], 0
    for one in over:
        began, before = time.perf_counter(), time.process_time()
        said = act(one)
        used.append((time.process_time() - before) * 1000)
        times.append((time.perf_counter() - began) * 1000)
        most = max(most, len(json.dumps(said, ensure_ascii=False, indent=1).encode()))
    times.sort()
    return {
        "median ms": statistics.median(times),
        "p99 ms": times[int(len(times) * 0.99)],
        "max ms": times[-1],
        "CPU, median ms": statistics.median(used),
        "bytes": most,
    }


def proofs(count: int) -> dict[str, Any]:
    """Return what proofs cost, and the requests for them."""
    from django.test import Client

    from zhunsheng.web.services import transparency

    found: dict[str, Any] = {}
    draw = random.Random(20261127)
    last = transparency.newest()
    assert last is not None
    sizes = [draw.randrange(1, last.size) for _ in range(PROOFS)]
    found["consistency"] = of_each(transparency.proof, sizes)
    numbers = [draw.randrange(1, count + 1) for _ in range(PROOFS)]
    found["inclusion"] = of_each(lambda one: transparency.entry_proof("batch", one), numbers)
    client = Client(SERVER_NAME="localhost")
    times = []
    for size in sizes:
        began = time.perf_counter()
        assert client.get(f"/public/log/proof.json?size={size}").status_code == 200
        times.append((time.perf_counter() - began) * 1000)
    found["consistency, whole request, median ms"] = statistics.median(times)
    found["consistency, whole request, max ms"] = max(times)
    return found


def measured(count: int) -> dict[str, Any]:
    """Return what proofs, sealing, download and check cost over a log of so many."""
    from django.db import transaction
    from django.test import Client

    from zhunsheng.web.audit import record
    from zhunsheng.web.services import transparency

    found: dict[str, Any] = {"entries": count}
    kept = transparency.newest()
    assert kept is not None
    (WORK / "kept.txt").write_text(kept.note, "utf8")

    began = time.perf_counter()
    with transaction.atomic():
        for number in range(SEALED):
            record("sign-in", title=f"bench {number}")
    found["audit entries written, per s"] = SEALED / (time.perf_counter() - began)
    began, used = time.perf_counter(), time.process_time()
    transparency.seal()
    found["sealed, per s"] = SEALED / (time.perf_counter() - began)
    found["sealing, CPU µs each"] = (time.process_time() - used) / SEALED * 1e6
    began = time.perf_counter()
    record("sign-in", title="one more")
    transparency.seal()
    found["one entry, written and sealed, ms"] = (time.perf_counter() - began) * 1000

    found |= proofs(count)
    client = Client(SERVER_NAME="localhost")
    began, used = time.perf_counter(), time.process_time()
    with (WORK / "log.jsonl").open("wb") as stream:
        for chunk in client.get("/public/log/entries.jsonl"):
            stream.write(chunk)
    found["download s"] = time.perf_counter() - began
    found["download CPU s"] = time.process_time() - used
    found["log.jsonl MB"] = (WORK / "log.jsonl").stat().st_size / 1e6
    proof = client.get(f"/public/log/proof.json?size={kept.size}").content
    (WORK / "proof.json").write_bytes(proof)
    for name in ("log.jsonl", "proof.json"):
        command = [sys.executable, "-m", "zhunsheng", "verify", WORK / name]
        command += ["--checkpoint", WORK / "kept.txt", "--key", transparency.key()]
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        found[f"verify {name} s"] = time.perf_counter() - began
    began = time.perf_counter()
    problems = transparency.problems()
    found["check of the log s"] = time.perf_counter() - began
    # The batches that were laid in are of no evidence: that is told, and nothing else is.
    assert all("与原来的记录不同" in one or "条这样的" in one for one in problems), problems
    return found


def main() -> None:
    """Make the site, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--laid", action="store_true", help="measure proofs alone, on what was laid before")
    parser.add_argument("--entries", type=int, default=10_000_000)
    options = parser.parse_args()
    server = start_site(options.database, options.laid)
    began = time.perf_counter()
    if options.laid:
        found = proofs(options.entries)
    else:
        laid(options.entries)
        found = {"laid s": time.perf_counter() - began} | measured(options.entries)
    print(json.dumps({"database": options.database} | found, indent=1, ensure_ascii=False))
    if server is not None:
        server.cleanup()


if __name__ == "__main__":
    main()
