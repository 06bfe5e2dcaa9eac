"""Read invented target documents in many layouts and formats, and tell how much of them was read right.

``python bench/reading.py`` writes every layout in every format, clean and with noise from a seed, reads each
with ``read_book`` and prints a table layout × format: fields right, silently wrong, silently missing, doubts,
false alarms, seconds. ``--layouts``, ``--formats``, ``--copies`` and ``--seed`` say which, ``--singly`` gives
each document one noise; ``--kinds`` and ``--verbose`` list what is not right, with its files kept under
``--keep``; ``--write`` keeps the table in docs/benchmarks-reading.md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import resource
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bed.beside import read_rows, texts, whole_rows
from bed.grids import Document
from bed.judging import Judgement, judge
from bed.layouts import document, layouts
from bed.noise import Noise, noise_of, single_noises
from bed.office import FILTERS, convert, source
from bed.writers import WRITERS, write
from zhunsheng.errors import ZhunshengError
from zhunsheng.intake import read_book

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Case:
    """One document to be written and read: layout, format, which copy (0 is clean), and where from."""

    layout: str
    ending: str
    copy: int
    seed: int
    amount: float = 1.0
    single: str = ""  # the one noise it has

    @property
    def key(self) -> str:
        """Return the name of its folder."""
        return f"{self.layout}-{self.ending}-{self.copy}{self.single.replace('/', '')}"


@dataclass(frozen=True)
class Result:
    """How one document was read."""

    case: Case
    judged: Judgement
    seconds: float
    noise: Noise


def made(case: Case) -> tuple[Document, Noise, random.Random]:
    """Return the document of a case, its noise, and the chance that its writer goes on with."""
    draw = random.Random(f"{case.seed} {case.layout} {case.copy}")
    noise = single_noises()[case.single] if case.single else noise_of(draw, case.amount if case.copy else 0)
    return document(case.layout, draw, noise), noise, random.Random(f"{case.seed} {case.key}")


def written(case: Case, folder: Path) -> Path:
    """Write the document of a case into a folder, in its format or the one that an office suite takes."""
    page, _, draw = made(case)
    return write(page, source(case.ending), folder, draw)


def _processor() -> float:
    """Return the seconds of the processor so far, those of child processes included."""
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


def tried(case: Case, path: Path) -> Result:
    """Read the file of a case, judge it."""
    page, noise, _ = made(case)
    start, refused, book = _processor(), "", {}
    try:
        book = read_book(path).as_json()
    except ZhunshengError as error:
        refused = error.code
    except Exception as error:
        refused = f"crash: {error!r}"
    seconds = _processor() - start
    return Result(case, judge(book, page.sheets, refused), seconds, noise)


def _kept(case: Case, keep: str, spare: bool) -> Result:
    """Write (unless an office suite did), read and judge a case; its folder stays where anything is wrong."""
    folder = Path(keep) / case.key
    folder.mkdir(parents=True, exist_ok=True)
    made_of = case.ending in FILTERS  # an office suite made the file
    result = tried(case, next(folder.glob(f"*.{case.ending}")) if made_of else written(case, folder))
    if any(one.kind != "right" for one in result.judged.fields):
        truth = json.dumps({"sheets": made(case)[0].sheets}, ensure_ascii=False, indent=1)
        (folder / "truth.json").write_text(truth, encoding="utf-8")
    elif not spare:
        shutil.rmtree(folder)
    return result


def files(cases: list[Case], keep: str) -> list[Path]:
    """Write the file of each case, all of one format, into its folder, by an office suite where it is its."""
    found = []
    for case in cases:
        folder = Path(keep) / case.key
        folder.mkdir(parents=True, exist_ok=True)
        found.append(written(case, folder))
    if cases and cases[0].ending in FILTERS:
        first, found = found, convert(found, cases[0].ending)
        for path in first:
            path.unlink()
    return found


def run(cases: list[Case], jobs: int, keep: str, *, spare: bool = False) -> Iterator[Result]:
    """Yield the results of all cases, over some processes; files stay in a folder, all where ``spare``."""
    for ending in FILTERS:
        files([case for case in cases if case.ending == ending], keep)
    if jobs == 1:
        yield from (_kept(case, keep, spare) for case in cases)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(_kept, cases, [keep] * len(cases), [spare] * len(cases), chunksize=8)


def count(results: list[Result]) -> Counter[str]:
    """Return how many fields came to each kind, with documents, doubts, real doubts, false alarms."""
    found: Counter[str] = Counter()
    for result in results:
        found.update(one.kind for one in result.judged.fields)
        found.update(
            {
                "fields": len(result.judged.fields),
                "documents": 1,
                "doubts": result.judged.doubts,
                "real": result.judged.real,
                "alarms": result.judged.alarms,
                "proposals": result.judged.proposals,
                "told": result.judged.told,
            }
        )
    return found


def line(name: str, results: list[Result]) -> str:
    """Return one row of the table."""
    found = count(results)
    seconds = sum(one.seconds for one in results) / max(1, len(results))
    share = 100 * found["right"] / max(1, found["fields"])
    return (
        f"| {name} | {found['documents']} | {found['fields']} | {share:.1f} % | {found['wrong']} "
        f"| {found['missing']} | {found['flagged']} | {found['refused']} "
        f"| {found['doubts']} ({found['real']}) | {found['alarms']} | {found['proposals']} "
        f"| {found['told']} | {seconds * 1000:.0f} |"
    )


HEAD = (
    "| {} | documents | fields | right | silently wrong | silently missing | flagged | in refused files "
    "| doubts (real) | false alarms | proposals | left out | ms |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|"
)


def table(results: list[Result], formats: list[str]) -> str:
    """Return the tables: by format, by layout, and right by layout × format."""
    by_format, by_layout, both = defaultdict(list), defaultdict(list), defaultdict(list)
    for one in results:
        by_format[one.case.ending].append(one)
        by_layout[one.case.layout].append(one)
        both[one.case.layout, one.case.ending].append(one)
    out = [
        HEAD.format("format"),
        *(line(name, by_format[name]) for name in formats),
        line("all", results),
        "",
    ]
    out += [HEAD.format("layout"), *(line(name, by_layout[name]) for name in sorted(by_layout)), ""]
    out += [*by_reason(results), ""]
    out += [f"| right, % (silently wrong) | {' | '.join(formats)} |", f"|---|{'---|' * len(formats)}"]
    for name in sorted(by_layout):
        cells = []
        for ending in formats:
            found = count(both[name, ending])
            wrong = f" ({found['wrong']})" if found["wrong"] else ""
            cells.append(f"{100 * found['right'] / max(1, found['fields']):.1f}{wrong}")
        out.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(out)


def by_reason(results: list[Result]) -> list[str]:
    """Return a table of how often each reason for a doubt was real, the commonest first."""
    raised = Counter(why for one in results for why, _ in one.judged.reasons)
    real = Counter(why for one in results for why, is_real in one.judged.reasons if is_real)
    out = ["| reason for a doubt | doubts | real | share |", "|---|---|---|---|"]
    for why, count in raised.most_common():
        out.append(
            f"| {why.replace('|', '/')[:80]} | {count} | {real[why]} | {100 * real[why] / count:.0f} % |"
        )
    return out


def singly(results: list[Result]) -> str:
    """Return a table of documents by the one noise they have."""
    by_noise = defaultdict(list)
    for one in results:
        by_noise[one.case.single].append(one)
    return "\n".join([HEAD.format("noise"), *(line(name, found) for name, found in by_noise.items())])


def kinds(results: list[Result], most: int) -> str:
    """Return where most was not right: layout or noise, how, how often, which fields, an example."""
    found: defaultdict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    known = {
        (r.case.layout, r.case.ending, one.field, one.kind)
        for r in results
        if r.case.single == "clean"
        for one in r.judged.fields
    }
    for result in results:
        for one in result.judged.fields:
            if result.case.single and (result.case.layout, result.case.ending, one.field, one.kind) in known:
                continue  # the noise is not why
            if one.kind not in ("right", "refused"):
                name, _, field = one.field.rpartition(": ")
                where = result.case.single or result.case.layout
                found[where, one.kind].append((field, f"{result.case.key}: {name} [{one.told}]"))
    out = ["| times | where | how | fields | example |", "|---|---|---|---|---|"]
    for (where, how), said in sorted(found.items(), key=lambda kind: -len(kind[1]))[:most]:
        fields = ", ".join(f"{field} {n}" for field, n in Counter(field for field, _ in said).most_common())
        out.append(f"| {len(said)} | {where} | {how} | {fields} | {said[0][1][:160]} |".replace("\n", " "))
    return "\n".join(out)


def compared(results: list[Result], python: str, keep: str) -> str:
    """Return by format how many rows MarkItDown keeps whole, how many indicators are read wholly right."""
    out = ["| format | rows whole in MarkItDown | indicators wholly right here |", "|---|---|---|"]
    for ending in dict.fromkeys(one.case.ending for one in results):
        these = [one for one in results if one.case.ending == ending]
        said = texts(python, [next((Path(keep) / one.case.key).glob(f"*.{ending}")) for one in these])
        pages = [made(one.case)[0] for one in these]
        whole = [whole_rows(text, page) for text, page in zip(said, pages, strict=True)]
        kept, rows = sum(k for k, _ in whole), sum(n for _, n in whole)
        mine = sum(read_rows(one.judged) for one in these)
        wanted = sum(len(sheet["indicators"]) for page in pages for sheet in page.sheets)
        out.append(
            f"| {ending} | {kept} of {rows} ({kept / rows:.1%}) | {mine} of {wanted} ({mine / wanted:.1%}) |"
        )
    return "\n".join(out)


def _listed(result: Result) -> Iterator[str]:
    for one in result.judged.fields:
        if one.kind != "right":
            yield f"{result.case.key}: {one.kind} {one.field} [{one.told}]"


def main(argv: list[str] | None = None) -> int:
    """Run the command; return 0."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--layouts", nargs="*", help="names, or beginnings of names")
    parser.add_argument("--formats", nargs="*", default=list(WRITERS), choices=[*WRITERS, *FILTERS])
    parser.add_argument("--copies", type=int, default=3, help="documents each; the first is clean")
    parser.add_argument("--noise", type=float, default=1.0, help="from 0 to 1")
    parser.add_argument(
        "--singly", action="store_true", help="one noise at a time; a table of what each costs"
    )
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--kinds", type=int, default=0, help="how many of the commonest kinds to list")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--keep", help="folder for the files of which anything was not right")
    parser.add_argument("--markitdown", metavar="PYTHON", help="an interpreter that has it, to compare with")
    parser.add_argument("--write", action="store_true", help="docs/benchmarks-reading.md")
    args = parser.parse_args(argv)
    sys.path.append(str(ROOT / "tests"))  # for what draws pages there
    names = [n for n in layouts() if not args.layouts or n.startswith(tuple(args.layouts))]
    cases = [
        Case(name, ending, copy, args.seed, args.noise, single)
        for single in (single_noises() if args.singly else [""])
        for name in names
        for ending in args.formats
        for copy in range(args.copies)
    ]
    results = []
    with tempfile.TemporaryDirectory() as folder:
        keep = args.keep or folder
        for result in run(cases, args.jobs, keep, spare=bool(args.markitdown)):
            results.append(result)
            if args.verbose:
                print(*_listed(result), sep="\n", end="\n" if any(_listed(result)) else "")
        shown = singly(results) if args.singly else table(results, args.formats)
        if args.markitdown:
            shown += f"\n\n{compared(results, args.markitdown, keep)}"
    print(shown)
    if args.kinds:
        print(f"\n{kinds(results, args.kinds)}")
    if args.write:
        _write(shown, args)
    return 0


def _write(shown: str, args: argparse.Namespace) -> None:
    formats = " ".join(args.formats)
    text = f"""# Reading target documents

`python bench/reading.py --seed {args.seed} --copies {args.copies} --formats {formats}`:
invented projects and departments (`bench/bed/contents.yaml`) written in each layout
(`bench/bed/layouts/`) and format, the first copy clean, the others with noise from the seed: other
words over the columns, levels merged, blank or repeated, pages that break a table, marks, sums and
numbers of columns, extra columns, hidden rows, slips of a scanner, the year in the file's name only.
Each is read with `read_book` and judged field by field by what the document truly says. Silently wrong
is another value, or an indicator that nobody wrote, without a doubt raised; silently missing is none;
flagged is either with a doubt at its place. A doubt is real where something at its place is not read
right, or where the document calls for one (it tells no year); a false alarm is a doubt about a value that
is right. Proposals say what the columns of unknown heads were taken for, and are asked once a layout; what
was left out (hidden rows, tracked changes, other columns) is told and needs no answer.
Milliseconds are of the processor, those of child processes included. LibreOffice makes the formats of
an office suite.

"""
    if args.markitdown:
        text += """MarkItDown makes text for language models of a document and knows nothing of targets, so
it is only asked whether all cells of an indicator's row stand in one line; docling was not tried:
its models take 6.5 GB.

"""
    (ROOT / "docs" / "benchmarks-reading.md").write_text(f"{text}{shown}\n", encoding="utf-8")


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
