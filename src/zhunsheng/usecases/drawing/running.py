"""Draw: bundle, notice and tasks are written to the folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from zhunsheng.clock import local
from zhunsheng.clock import now as clock_now
from zhunsheng.draws.frame import open_database
from zhunsheng.draws.protocol import DrawOutcome, perform, write_bundle
from zhunsheng.evidence import Store, ledger_of
from zhunsheng.files.scratch import scratch_folder
from zhunsheng.files.writing import write_whole
from zhunsheng.translation import worded
from zhunsheng.usecases.drawing.draw_folder import entered, in_folder, refuse_times, slips_of, write_canonical
from zhunsheng.usecases.drawing.engines import HERE, Where, engine_for
from zhunsheng.usecases.drawing.frames import with_kept_tree

BUNDLE = "抽查包.zip"
PAPERS = (
    "公告.html",
    "公告.docx",
    "任务清单.xlsx",
    "任务清单.html",
    "检查记录表.docx",
)  # that bear a manifest
MAX_CHECK_FORMS = 200  # check forms written to Word at once


def run_draw(  # noqa: PLR0913 - options, by their names
    folder: Path,
    evidence: Path | None = None,
    memory_limit: str | None = None,
    *,
    where: Where = HERE,
    tasks: bool = True,
    told: Callable[[str], None] = lambda words: None,
    now: datetime | None = None,
    stamped: str = "",
    faced: bool = False,
) -> DrawOutcome:
    """Draw, assign and write the bundle, notice and tasks to ``folder``; ``evidence`` gives the tasks their
    objects' names. ``faced``: the papers bear their codes and manifests; a site gives its own.

    ``tasks`` False: no task lists and no check forms. ``told`` gets notes for people;
    ``now`` is the notice's time of the draw, ``stamped`` what it says of time-stamps. Raises ``ZS-DR-06``,
    ``ZS-DR-08``, ``ZS-EV-04``, and as ``engines.connected``.
    """
    found, drawn_at = in_folder(folder, register=True), now or clock_now()
    refuse_times(folder, found, drawn_at)
    with scratch_folder() as scratch:
        connection = open_database(memory_limit, scratch)
        root = found.committed["frame"]["root"]
        frame = with_kept_tree(folder, found.plan, connection, found.wanted, root, told)
        with engine_for(where, frame, folder / "frame.tsv") as engine:
            outcome = perform(found.plan, found.committed, found.sealed, frame, found.people, engine)
        connection.close()
    with scratch_folder(folder) as made:
        write_bundle(outcome, made / BUNDLE)
        shutil.copyfile(str(files("zhunsheng.draws") / "verify.html"), made / "verify.html")
        write_notice(outcome, made, _recorded(folder, outcome, drawn_at), stamped)
        write_canonical(
            made / "公告.json",
            {
                k: v
                for k, v in outcome.parts().items()
                if k in ("plan.json", "commitment.json", "seed.json", "drawn.json", "assignment.json")
            },
        )
        if tasks:
            _write_tasks(
                outcome, made, entity_names(evidence, [d.id for d in outcome.drawn]) if evidence else {}
            )
        if faced:
            from zhunsheng.papers.packing import face

            for path in (made / name for name in PAPERS):
                if path.is_file():
                    face(path, local(drawn_at).date())
        # The bundle last: where it stands, what it is told by stands beside it.
        for path in sorted(made.iterdir(), key=lambda path: path.name == BUNDLE):
            path.replace(folder / path.name)
    return outcome


def write_notice(
    outcome: DrawOutcome, folder: Path, happened: Sequence[tuple[datetime, str]], stamped: str = ""
) -> None:
    """Write the notice, as a page and for Word: ``happened`` and ``stamped`` as in ``notice_form``."""
    # Word's library takes a second that lists and verifications need not wait for.
    from zhunsheng.reports.docx import write_forms
    from zhunsheng.reports.draw_forms import notice_form, page_of

    notice = notice_form(outcome, happened, stamped)
    write_whole(folder / "公告.html", page_of([notice]))
    write_forms([notice], folder / "公告.docx")


def _recorded(folder: Path, outcome: DrawOutcome, drawn: datetime) -> list[tuple[datetime, str]]:
    """Return what the folder holds of a draw's events: where it was published only who published it knows."""
    found = [
        (
            datetime.fromisoformat(outcome.committed["committed_at"]),
            "作出承诺（何时公布以公布的承诺记录为准）",
        )
    ]
    if slips := slips_of(folder):
        found.append((datetime.fromisoformat(slips["sealed_at"]), worded("登记封条")))
    if entry := entered(folder):
        found.append((datetime.fromisoformat(entry["entered_at"]), "两人录入一致，种子已定"))
    return [*found, (drawn, "抽取并分派")]


def entity_names(evidence: Path, drawn: list[str]) -> dict[str, str]:
    """Return the objects' names by id from the ``entities`` ledger; they go to the tasks,
    never to notice or bundle.
    """
    rows_of = Store.existing(evidence).snapshot().sql(ledger_of("entities"))
    rows = open_database().execute(
        f"SELECT credit_code, name FROM ({rows_of}) WHERE credit_code IN (SELECT unnest(?))", [drawn]
    )
    return dict(rows.fetchall())


def _write_tasks(outcome: DrawOutcome, folder: Path, names: dict[str, str]) -> None:
    from zhunsheng.reports.docx import write_forms
    from zhunsheng.reports.draw_forms import check_form, page_of, task_form
    from zhunsheng.reports.xlsx import write_workbook

    teams = sorted(set(outcome.teams.values()))
    forms = [task_form(outcome, team, names) for team in teams]
    if not forms:
        return
    write_workbook(
        [("、".join(team), form) for team, form in zip(teams, forms, strict=True)], folder / "任务清单.xlsx"
    )
    write_whole(folder / "任务清单.html", page_of(forms))
    drawn = [d.id for d in outcome.drawn if not d.reserve][:MAX_CHECK_FORMS]
    write_forms([check_form(outcome, entity, names) for entity in drawn], folder / "检查记录表.docx")
