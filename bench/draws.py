"""Benchmarks of the draw: 100 million entities against other samplers, assignment,
the page in a real browser.

``python bench/draws.py`` runs all cases and writes docs/benchmarks-draws.md; ``python bench/draws.py CASE``
runs one case once; ``python bench/draws.py commands 1 10 20 100`` measures the commands at those sizes,
``python bench/draws.py page 1 10`` the page, and writes their section.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

WORK = Path("build/bench")
LARGE, MEDIUM = 100_000_000, 1_000_000
BROWSERS = ("chromium-headless-shell", "chromium")
SEED = "0123456789abcdef0123456789abcdef"
MEMORY = "4GB"


def make_frames() -> None:
    """Write the frame of 100 million entities in 24 strata."""
    import duckdb

    path = WORK / "frame100m.parquet"
    if path.exists():
        return
    WORK.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false; SET preserve_insertion_order = false")
    connection.execute(
        f"""COPY (SELECT '9113019' || lpad(i::VARCHAR, 11, '0') AS id,
          '所' || i % 6 || '|' || ['A', 'B', 'C', 'D'][1 + i // 6 % 4] AS stratum
        FROM range({LARGE}) t(i)) TO '{path}'"""
    )


def strata(size: int) -> dict[str, dict[str, int]]:
    """Return 24 strata of equal size with a quota of 3 %."""
    each = size // 24
    return {
        f"所{a}|{b}": {"size": each, "quota": each * 3 // 100, "reserve": 0} for a in range(6) for b in "ABCD"
    }


def draw_duckdb() -> dict[str, float]:
    """Read 100 million ids from Parquet, ticket, filter and rank them, and keep 3 % of each of 24 strata."""
    from zhunsheng.draws.drawing import DuckDatabase, draw_file
    from zhunsheng.draws.frame import open_database

    connection = open_database(MEMORY)
    connection.execute(f"CREATE VIEW frame AS SELECT * FROM read_parquet('{WORK}/frame100m.parquet')")
    started = time.perf_counter()
    found = draw_file(DuckDatabase(connection), SEED, strata(LARGE), WORK / "drawn.parquet")
    return rate(LARGE, started, found)


def draw_tickets_only() -> dict[str, float]:
    """Read and ticket the same ids, and only count them: what hashing alone costs."""
    from zhunsheng.draws.frame import open_database

    connection = open_database(MEMORY)
    started = time.perf_counter()
    (found,) = connection.execute(
        f"SELECT count(*) FROM read_parquet('{WORK}/frame100m.parquet') WHERE sha256('{SEED}:' || id) < 'g'"
    ).fetchone() or (0,)
    return rate(LARGE, started, found)


def draw_hashlib_heapq() -> dict[str, float]:
    """Ticket two million ids with hashlib and keep the smallest 3 % with heapq, on one core,
    ids in memory.
    """
    n = 2_000_000
    ids = [f"9113019{i:011d}" for i in range(n)]
    started = time.perf_counter()
    found = heapq.nsmallest(
        n * 3 // 100, ((hashlib.sha256(f"{SEED}:{i}".encode()).hexdigest(), i) for i in ids)
    )
    return rate(n, started, len(found))


def draw_consistent_sampler() -> dict[str, float]:
    """Draw 3 % of 200,000 ids with the consistent-sampler package, ids in memory."""
    from consistent_sampler import sampler

    n = 200_000
    ids = [f"9113019{i:011d}" for i in range(n)]
    started = time.perf_counter()
    found = list(sampler(ids, seed=SEED, take=n * 3 // 100))
    return rate(n, started, len(found))


def assignment() -> dict[str, float]:
    """Assign 100,000 objects of six districts to 2,000 inspectors with recusals, two to
    each, one certified.
    """
    from zhunsheng.draws.assignment import RegisteredInspector, assign
    from zhunsheng.draws.spec import ticket

    objects = [(ticket(SEED, f"E{i:07d}"), f"E{i:07d}", f"所{i % 6}|A") for i in range(100_000)]
    people = [
        RegisteredInspector(
            id=f"P{i:04d}",
            certified=i % 5 < 2,
            districts=[f"所{i % 6}"] if i % 4 else [f"所{i % 6}", f"所{(i + 1) % 6}"],
            recuse=[f"E{i * 37:07d}"],
        )
        for i in range(2000)
    ]
    started = time.perf_counter()
    found = assign(plan(), objects, people, SEED)
    return rate(100_000, started, len(found))


def plan():  # type: ignore[no-untyped-def]
    """Return the plan of the middle-sized draw: 10,000 of a million."""
    from zhunsheng.draws.plan import Plan

    return Plan.model_validate(
        {
            "id": "B-1",
            "title": "基准",
            "office": "某局",
            "rule": "基准",
            "items": [{"code": "A", "name": "甲"}],
            "strata": ["district", "credit_class"],
            "quotas": [{"ratio": "0.01"}],
            "randomness": [{"source": "lottery", "name": "某彩票", "issue": "1"}],
            "known_at": "2021-03-01T22:00:00+08:00",
        }
    )


def make_bundle() -> None:
    """Write a bundle of 10,000 drawn out of a million, and its frame."""
    from zhunsheng.draws.assignment import RegisteredInspector
    from zhunsheng.draws.drawing import DuckDatabase
    from zhunsheng.draws.frame import open_database
    from zhunsheng.draws.frame_making import frame_from_file
    from zhunsheng.draws.protocol import commitment, perform, seal, write_bundle, write_frame

    if (WORK / "frame1m.tsv").exists():
        return
    connection = open_database()
    connection.execute(
        "COPY (SELECT '9113019' || lpad(i::VARCHAR, 11, '0') AS id, '所' || i % 6 AS district, ['A', 'B', "
        f"'C', 'D'][1 + i // 6 % 4] AS credit_class FROM range({MEDIUM}) t(i)) TO '{WORK}/frame1m.csv' "
        "(HEADER)"
    )
    frame = frame_from_file(WORK / "frame1m.csv", plan(), connection)
    people = [
        RegisteredInspector(id=f"P{i:03d}", certified=i % 5 < 2, districts=[f"所{i % 6}"]) for i in range(240)
    ]
    committed = commitment(plan(), frame, people, datetime(2021, 2, 26, tzinfo=UTC))
    values = [{"numbers": "1 2 3"}]
    sealed = seal(plan(), committed, {"by": "a", "values": values}, {"by": "b", "values": values})
    write_bundle(
        perform(plan(), committed, sealed, frame, people, DuckDatabase(connection)), WORK / "bundle.zip"
    )
    write_frame(frame, WORK / "frame1m.tsv")


def page() -> dict[str, float]:
    """Verify a bundle of 10,000 drawn out of a million, everything recomputed, in Chromium."""
    make_bundle()
    return in_page(WORK / "bundle.zip", WORK / "frame1m.tsv", MEDIUM)


def in_page(bundle: Path, frame: Path, n: int) -> dict[str, float]:
    """Return what the page takes from choosing the files to the verdict: wall, CPU of all processes,
    peak of its process.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=next(filter(None, map(shutil.which, BROWSERS))),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        opened = browser.new_page()
        opened.goto(Path("src/zhunsheng/draws/verify.html").absolute().as_uri())
        put_first(descendants())
        before, started = browser_cpu(), time.perf_counter()
        opened.set_input_files("#bundle", str(bundle))
        opened.set_input_files("#frame", str(frame))
        opened.click("#go")
        opened.wait_for_selector("body[data-done]", timeout=600_000)
        taken = rate(n, started, opened.locator("#checks tr[data-holds=true]").count())
        if opened.locator("#checks tr[data-holds=false]").count() or taken["found"] < 10:
            raise SystemExit(opened.inner_text("#result"))
        taken |= {"cpu": browser_cpu() - before, "renderer": max(map(peak, descendants()))}
        browser.close()
    return taken


def put_first(processes: list[str]) -> None:
    """Put processes before others of a shared machine, where BENCH_FIRST is set:
    near to what they take alone. Needs root.
    """
    if os.environ.get("BENCH_FIRST"):
        for one in processes:
            Path(f"/proc/{one}/autogroup").write_text("-18", "utf8")


def shared() -> str:
    """Return how this machine was shared while measuring, in words."""
    how = ", the measured processes put before all others" if os.environ.get("BENCH_FIRST") else ""
    return f"{os.cpu_count()} cores shared with others, load {os.getloadavg()[0]:.1f}{how}"


def descendants() -> list[str]:
    """Return the numbers of this process's descendants: Playwright's driver and all of Chromium."""
    parents = {}
    for one in Path("/proc").glob("[0-9]*"):
        try:
            parents[one.name] = (one / "stat").read_text("utf8").rpartition(")")[2].split()[1]
        except OSError:
            continue  # it has ended
    found = [str(os.getpid())]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def browser_cpu() -> float:
    """Return the CPU seconds of those processes so far."""
    stats = [Path(f"/proc/{one}/stat").read_text("utf8").rpartition(")")[2].split() for one in descendants()]
    return sum(int(one[11]) + int(one[12]) for one in stats) / os.sysconf("SC_CLK_TCK")


def command() -> dict[str, float]:
    """Verify the same bundle with ``zhunsheng draw verify``'s use case."""
    from zhunsheng.usecases.drawing.verifying import verify_bundle

    started = time.perf_counter()
    found = verify_bundle(WORK / "bundle.zip", WORK / "frame1m.tsv", memory_limit="1GB")
    return rate(MEDIUM, started, sum(c.holds is True for c in found))


def rate(n: int, started: float, found: int) -> dict[str, float]:
    """Return seconds, things a second and what was found."""
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "rate": n / seconds, "found": found}


CASES = {
    f.__name__: f
    for f in (
        draw_duckdb,
        draw_tickets_only,
        draw_hashlib_heapq,
        draw_consistent_sampler,
        assignment,
        page,
        command,
    )
}


# -- the commands, as people run them: start-up, digests and files included
# --------------------------------------------

COMMANDS = "## The commands"
BROWSER = "## The page"
PAGE = Path("docs/benchmarks-draws.md")
SIZES = {"1": 1_000_000, "10": 10_000_000, "20": 20_000_000, "100": LARGE, "180": 180_000_000}
REQUIRED = {
    (100, "list"): 25,
    (100, "run"): 25,
    (20, "list"): 18,
    (20, "run"): 18,
    (20, "commit"): 8,
    (20, "verify"): 8,
}


def measured(*command: str) -> dict[str, float]:
    """Run a command in a session of its own; return wall and CPU seconds and its peak memory in MiB,
    by the kernel's own account of the process.
    """
    started = time.perf_counter()
    # As users have it: what Python compiled once is kept, whatever this shell says.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True, env=kept)
    put_first([str(process.pid)])
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command} ended with {status}")
    cpu = used.ru_utime + used.ru_stime
    return {"wall": time.perf_counter() - started, "cpu": cpu, "peak": used.ru_maxrss / 1024}


def block_limit() -> float:
    """Return how many blocks of SHA-256 one core does a CPU second: OpenSSL by way of hashlib,
    over one large buffer.
    """
    data = bytes(2**26)
    started = time.process_time()
    for _ in range(4):
        hashlib.sha256(data).digest()
    return 4 * len(data) / 64 / (time.process_time() - started)


def sampler() -> float:
    """Return how many ids consistent-sampler draws from a CPU second (the case above,
    in a process of its own).
    """
    code = (
        f"import importlib.util as u; m = u.spec_from_file_location('b', {__file__!r}); import sys, time; "
        "b = u.module_from_spec(m); m.loader.exec_module(b); import consistent_sampler; "
        "s = time.process_time(); b.draw_consistent_sampler(); print(time.process_time() - s)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return 200_000 / float(done.stdout)


def prepared(millions: str, *, shuffled: bool = False) -> Path:
    """Write a frame of 24 strata as Parquet, in order or not, a plan of some 1,000 drawn and a register."""
    import duckdb
    import yaml

    n, folder = SIZES[millions], WORK / f"commands-{millions}{'-shuffled' if shuffled else ''}"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "frame.parquet").exists():
        connection = duckdb.connect()
        connection.execute("SET enable_progress_bar = false")
        i = f"(i * 7919) % {n}" if shuffled else "i"
        connection.execute(
            f"""COPY (SELECT '9113019' || lpad(({i})::VARCHAR, 11, '0') AS id,
              '所' || i % 6 || '|' || ['A', 'B', 'C', 'D'][1 + i // 6 % 4] AS stratum
            FROM range({n}) t(i)) TO '{folder}/frame.parquet'"""
        )
    for name, ratio in (("plan", f"{1_000 / n:.6f}"), ("wide", "0.03")):
        data = {
            **plan().as_json(),
            "id": f"B-{name}",
            "known_at": "2990-01-01T00:00:00Z",
            "quotas": [{"ratio": ratio}],
        }
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), "utf8")
    people = [{"id": f"P{i:03d}", "certified": i % 5 < 2, "districts": [f"所{i % 6}"]} for i in range(240)]
    (folder / "people.yaml").write_text(yaml.safe_dump(people, allow_unicode=True), "utf8")
    return folder


def until_known(folder: Path, soon: timedelta) -> datetime:
    """Let the numbers of the plans in a folder be known soon, time enough to commit; return when."""
    import yaml

    known = datetime.now(UTC).replace(microsecond=0) + soon
    for name in ("plan.yaml", "wide.yaml"):
        data = yaml.safe_load((folder / name).read_text("utf8")) | {"known_at": f"{known:%Y-%m-%dT%H:%M:%SZ}"}
        (folder / name).write_text(yaml.safe_dump(data, allow_unicode=True), "utf8")
    return known


def sealed(place: Path, known: datetime) -> None:
    """Write the seed of a committed draw once its numbers are known."""
    from zhunsheng.usecases.drawing.sealing import seal_entries

    time.sleep(max(0.0, (known - datetime.now(UTC)).total_seconds() + 1))
    for name in ("seed.json", "entered.json"):
        (place / name).unlink(missing_ok=True)  # of the commitment that lay here before
    first, second = ({"by": who, "values": [{"numbers": "1 2 3"}]} for who in ("first", "second"))
    seal_entries(place, first, second)


def widened(folder: Path) -> Path:
    """Return a folder with the same frame under the plan that draws 3 %, which no bundle holds:
    it is listed.
    """
    from zhunsheng.draws.reading import read_plan
    from zhunsheng.draws.spec import canonical

    wide, out = read_plan(folder / "wide.yaml"), folder / "wide"
    out.mkdir(exist_ok=True)
    said = json.loads((folder / "out" / "commitment.json").read_text("utf8"))
    sizes = {stratum: n["size"] for stratum, n in said["strata"].items()}
    said |= {"draw": wide.id, "plan": wide.digest, "strata": wide.allot(sizes)}
    for name, data in (("plan.json", wide.as_json()), ("commitment.json", said)):
        (out / name).write_bytes(canonical(data))
    shutil.copy(folder / "out" / "inspectors.json", out / "inspectors.json")
    (out / "frame.tsv").unlink(missing_ok=True)
    (out / "frame.tsv").hardlink_to(folder / "out" / "frame.tsv")
    return out


def commands(chosen: list[str]) -> None:
    """Measure the commands at the sizes chosen (millions) and write their section of the page."""
    lines = []
    command = [sys.executable, "-m", "zhunsheng", "draw"]
    for millions in chosen:
        n, ways = SIZES[millions], [False, True] if millions in ("1", "10") else [False]
        for shuffled in ways:
            folder = prepared(millions, shuffled=shuffled)
            out = str(folder / "out")
            commit = [
                *command,
                "commit",
                f"{folder}/plan.yaml",
                "--inspectors",
                f"{folder}/people.yaml",
                "--frame",
                f"{folder}/frame.parquet",
                "--out",
                out,
            ]
            bundle = [f"{out}/抽查包.zip", "--frame", f"{out}/frame.tsv"]
            shutil.rmtree(out, ignore_errors=True)  # a commitment is written over no other
            steps = {"commit": commit}
            if not shuffled:
                wide = folder / "wide"
                steps |= {
                    "list": [*command, "list", str(wide), "--out", f"{folder}/list.parquet"],
                    "run": [*command, "run", out, "--no-tasks"],
                    "verify": [*command, "verify", *bundle],
                }
            for name, arguments in steps.items():
                base, limit = sampler(), block_limit()
                if name == "commit":
                    known = until_known(folder, timedelta(seconds=20 + n / 1_000_000))
                used = measured(*arguments)
                if name == "commit" and not shuffled:
                    widened(folder)
                    for place in (Path(out), folder / "wide"):
                        sealed(place, known)
                size = Path(out, "frame.tsv").stat().st_size / n / 64  # blocks an id of the file's own digest
                blocks = size + {"commit": 4, "list": 1, "run": 1, "verify": 5}[name]
                ratio, need = n / used["cpu"] / base, REQUIRED.get((int(millions), name), "–")
                what = f"`draw {name}`{' (rows in no order)' if shuffled else ''}"
                lines.append(
                    f"| {what} | {millions} | {used['wall']:.1f} | {used['cpu']:.1f} | "
                    f"{n / used['cpu'] / 1e6:.2f} | {base / 1e6:.3f} | {need if shuffled is False else '–'} "
                    f"| {ratio:.1f} | {blocks:.1f} | {n * blocks / used['cpu'] / limit:.0%} | "
                    f"{used['peak']:,.0f} |"
                )
                print(lines[-1], flush=True)
                written(lines, chosen)
            if shuffled:
                for name in ("out/frame.tsv", "out/frame.tree.parquet"):
                    (folder / name).unlink(missing_ok=True)


def pages(chosen: list[str]) -> None:
    """Measure the page at the sizes chosen (millions) and write its section."""
    lines = []
    for millions in chosen:
        n = SIZES[millions]
        if n == MEDIUM:
            found, what = page(), "10,008 drawn, with proofs"
        else:
            folder = prepared(millions)
            out, command = folder / "out", [sys.executable, "-m", "zhunsheng", "draw"]
            if not (out / "抽查包.zip").exists():
                given = ["--inspectors", f"{folder}/people.yaml", "--frame", f"{folder}/frame.parquet"]
                measured(*command, "commit", f"{folder}/plan.yaml", *given, "--out", str(out))
                sealed(out)
                measured(*command, "run", str(out), "--no-tasks")
            found, what = in_page(out / "抽查包.zip", out / "frame.tsv", n), "some 1,000 drawn, with proofs"
        lines.append(
            f"| {millions} | {what} | {found['seconds']:.1f} | {found['cpu']:.1f} | "
            f"{n / found['cpu'] / 1e6:.2f} | {found['renderer']:,.0f} | {os.getloadavg()[0]:.1f} |"
        )
        print(lines[-1], flush=True)
    table = "\n".join(lines)
    section = f"""{BROWSER}

Measured by `python bench/draws.py page {" ".join(chosen)}` on {date.today().isoformat()}, {shared()}:
Chromium without a sandbox or GPU, from choosing bundle and frame.tsv to the verdict,
everything recomputed (salt, leaf, node and ticket of each entity: five blocks of SHA-256,
and the file's own digest). CPU seconds of all of Chromium's processes and Playwright's driver;
the peak is that of the page's process, of which some 150 MiB are Chromium's own.

| million ids | bundle | wall s | CPU s | million ids a CPU s | peak MiB | load |
|---:|---|---:|---:|---:|---:|---:|
{table}

SHA-256 is plain JavaScript, in workers of the page's own text. WebAssembly would be faster,
but its code would be bytes that nobody reads, in a page that is to be read, and needs `wasm-unsafe-eval` in
the site's policy; WebCrypto answers one message at a time through a promise.
"""
    replaced(BROWSER, section)


def replaced(heading: str, section: str) -> None:
    """Write a section of the page of figures in place of the one with its heading, or at the end."""
    before, _, after = PAGE.read_text("utf8").partition(f"\n{heading}\n")
    _, mark, rest = after.partition("\n## ")
    PAGE.write_text(before.rstrip("\n") + "\n\n" + section + (mark + rest if mark else ""), "utf8")


def written(lines: list[str], chosen: list[str]) -> None:
    """Write the section of the commands, with the lines measured so far."""
    table = "\n".join(lines)
    section = f"""{COMMANDS}

Measured by `python bench/draws.py commands {" ".join(chosen)}` on {date.today().isoformat()}, {shared()}.
Each is the command in a process of its own: start-up (some one to two CPU seconds),
digests and files written included, compiled code from the cache, CPU seconds and peak memory by the kernel's
account of the process. consistent-sampler (200,000 ids in memory, its import not counted) and the limit of
one core (SHA-256 blocks a CPU second, hashlib over 64 MiB) are measured before each command.
Rows come from Parquet, in the order of ids unless said otherwise.

| command | million ids | wall s | CPU s | million ids a CPU s | consistent-sampler | required × | measured × | blocks an id | share of that limit | peak MiB |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
{table}

`draw commit` hashes a salt and a leaf (one block each) and a node (two) an id and digests the text,
`draw list` and `draw run` a ticket, `draw verify` all of them. `draw list` draws 3 %,
`draw run` (with `--no-tasks`: no Word or Excel for each team) and `draw verify` some 1,000 with proofs and
assignment; `draw run` takes the tree that `draw commit` kept.
"""  # noqa: E501 - a row of a table is one line
    replaced(COMMANDS, section)


def openssl_limit() -> float:
    """Return how many one-block SHA-256 this machine's cores could do a second by openssl's own figure."""
    done = subprocess.run(
        ["openssl", "speed", "-seconds", "3", "-evp", "sha256", "-bytes", "16384"],
        capture_output=True,
        text=True,
        check=True,
    )
    kilobytes = float(re.findall(r"([\d.]+)k", done.stdout)[-1])
    return kilobytes * 1000 / 64 * (os.cpu_count() or 1)


def main() -> None:
    """Run everything in turn and write the page of figures."""
    make_frames()
    make_bundle()
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in CASES}
    limits = []
    for _ in range(3):
        limits.append(openssl_limit())
        for name in CASES:
            done = subprocess.run(
                [sys.executable, __file__, name], capture_output=True, text=True, check=True
            )
            runs[name].append(json.loads(done.stdout.splitlines()[-1]))
            print(name, runs[name][-1], flush=True)
    middle = {
        n: {k: statistics.median(r[k] for r in rs) for k in ("seconds", "rate")}
        | {"peak": max(r["peak"] for r in rs)}
        for n, rs in runs.items()
    }
    limit = statistics.median(limits)

    def by(a: str, b: str) -> str:
        return f"{middle[a]['rate'] / middle[b]['rate']:.1f}"

    lines = "\n".join(
        f"| `{n}` | {CASES[n].__doc__} | {m['seconds']:.2f} | {m['rate']:,.0f} | {m['peak']:,.0f} |"
        for n, m in middle.items()
    )
    text = f"""# Benchmarks of the draw

Measured by `make bench-draws` on {date.today().isoformat()}, {os.cpu_count()} cores,
medians of three runs in turn, each in a process of its own. Read the ratios.

| case | what it does | seconds | a second | peak MiB |
|---|---|---:|---:|---:|
{lines}

| ratio | required | measured |
|---|---|---:|
| DuckDB's draw (the way without compiled code) ÷ consistent-sampler, per entity | – | {by("draw_duckdb", "draw_consistent_sampler")} |
| DuckDB's draw ÷ hashlib with heapq on one core, per entity | 3 | {by("draw_duckdb", "draw_hashlib_heapq")} |
| the whole draw ÷ hashing alone, in time | below 2: sorting must not cost more than hashing | {middle["draw_duckdb"]["seconds"] / middle["draw_tickets_only"]["seconds"]:.2f} |
| share of the machine's one-block SHA-256 limit (openssl: {limit / 1e6:.0f} M/s), DuckDB | – | {middle["draw_duckdb"]["rate"] / limit:.1%} |
| the page verifies 10,000 of a million, seconds | below 5 | {middle["page"]["seconds"]:.1f} |
| 100,000 objects to 2,000 inspectors, seconds | below 2 | {middle["assignment"]["seconds"]:.1f} |

The memory limit of the draw is {MEMORY}; the drawn rows ({LARGE * 3 // 100:,}) go to a Parquet file.
The page's
peak is Playwright's driver's, not Chromium's.
"""  # noqa: E501 - a row of a table is one line
    before = PAGE.read_text("utf8") if PAGE.exists() else ""
    PAGE.write_text(text + before[len(before.partition(f"\n{COMMANDS}")[0]) :], "utf8")
    print(text)


def peak(process: str = "self") -> float:
    """Return a process's own peak memory in MiB; getrusage would count the process that launched it too."""
    text = Path(f"/proc/{process}/status").read_text("utf8")
    return int(text.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    if sys.argv[1:2] == ["page"] and sys.argv[2:]:
        pages(sys.argv[2:])
    elif sys.argv[1:2] == ["commands"]:
        commands(sys.argv[2:] or ["1", "10", "20", "100"])
    elif len(sys.argv) > 1:
        print(json.dumps({**CASES[sys.argv[1]](), "peak": peak()}))
    else:
        main()
