"""Run the commands of one draw on a standalone Spark master with two workers and compare what they write with
DuckDB's.

The driver may take 8 MiB of results at most, a third of the frame of a million:
a frame that were collected would end the draw.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import pyarrow.parquet as pq
import pyspark
import yaml

from draws import measured, prepared, until_known, widened

PORT, PAGES = 17077, 17078
URL = f"spark://127.0.0.1:{PORT}"
COMMAND = [sys.executable, "-m", "zhunsheng", "draw"]
SOON = timedelta(seconds=40)  # from the plan to its numbers: time enough to commit
WIDEST = "8m"  # of results that come to the driver


@contextmanager
def cluster(folder: Path):  # type: ignore[no-untyped-def]
    """Start a master and two workers of one core each, wait until both are registered,
    and stop them at the end.
    """
    home = Path(pyspark.__file__).parent
    environment = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}
    launch = [str(home / "bin" / "spark-class"), "org.apache.spark.deploy."]
    master = ["master.Master", "--host", "127.0.0.1", "--port", str(PORT), "--webui-port", str(PAGES)]
    worker = ["worker.Worker", "-c", "1", "-m", "1g", "--webui-port", "0", URL]
    starts = [master, *([*worker, "-d", str(folder / f"worker{n}")] for n in range(2))]
    running = []
    try:
        for first, *rest in starts:
            of_class = [launch[0], launch[1] + first, *rest]
            running.append(
                subprocess.Popen(
                    of_class, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
                )
            )
        for _ in range(60):
            time.sleep(1)
            try:
                with urlopen(f"http://127.0.0.1:{PAGES}/json/", timeout=5) as answer:
                    if answer.read().count(b'"ALIVE"') == 3:  # the master and both workers
                        break
            except OSError:
                continue
        else:
            raise SystemExit("the cluster did not start within a minute")
        yield
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait()


def drawn(folder: Path, wide: Path, out: Path, *where: str) -> dict[str, str]:
    """Run ``draw run`` and ``draw list``; return the digest of each file of results (of the list,
    of its rows), print the cost.
    """
    listed = out / "listed.parquet"
    for name, arguments in (
        ("run", [str(folder), "--no-tasks"]),
        ("list", [str(wide), "--out", str(listed)]),
    ):
        used = measured(*COMMAND, name, *arguments, *where)
        print(
            f"draw {name} {' '.join(where) or 'here'}: {used['wall']:.1f} s, {used['cpu']:.1f} CPU s, "
            f"{used['peak']:,.0f} MiB"
        )
    results = {name: (folder / name).read_bytes() for name in ("seed.json", "抽查包.zip")}
    rows = pq.read_table(listed).select(["stratum", "place", "id", "ticket"]).to_pydict()
    results[listed.name] = repr(sorted(zip(*rows.values(), strict=True))).encode()
    return {name: hashlib.sha256(data).hexdigest() for name, data in results.items()}


def main() -> None:
    """Commit, enter the numbers, draw here and on the cluster, compare."""
    source = prepared("1")
    known = until_known(source, SOON)
    with tempfile.TemporaryDirectory(prefix="zhunsheng-spark-") as made:
        work = Path(made)
        out = source / "out"
        shutil.rmtree(out, ignore_errors=True)  # a commitment is written over no other
        commit = [
            "commit",
            f"{source}/plan.yaml",
            "--inspectors",
            f"{source}/people.yaml",
            "--frame",
            f"{source}/frame.parquet",
        ]
        subprocess.run([*COMMAND, *commit, "--out", str(out)], check=True, stdout=subprocess.DEVNULL)
        wide = widened(source)
        entries = []
        for option, who in (("--first", "a"), ("--second", "b")):
            (work / f"{who}.yaml").write_text(
                yaml.safe_dump({"by": who, "values": [{"numbers": "1 2 3"}]}), "utf8"
            )
            entries += [option, str(work / f"{who}.yaml")]
        time.sleep(max(0.0, (known - datetime.now(UTC)).total_seconds() + 1))
        for place in (out, wide):
            subprocess.run([*COMMAND, "seed", str(place), *entries], check=True, stdout=subprocess.DEVNULL)
        here = drawn(out, wide, work)
        os.environ["PYSPARK_SUBMIT_ARGS"] = (
            f"--conf spark.driver.maxResultSize={WIDEST} --conf spark.executor.memory=900m --conf "
            "spark.ui.enabled=false pyspark-shell"
        )
        with cluster(work):
            there = drawn(out, wide, work, "--engine", "spark", "--url", URL)
    for name, digest in here.items():
        print(f"{name}: {'identical' if there[name] == digest else 'DIFFERENT'}")
    sys.exit(here != there)


if __name__ == "__main__":
    main()
