"""The papers of a draw: task lists, check forms and the public notice, as forms that Excel,
Word and the page share.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from jinja2 import Environment, PackageLoader

from zhunsheng.clock import told
from zhunsheng.draws.protocol import DrawOutcome, commitment_digest
from zhunsheng.draws.results import categories
from zhunsheng.draws.strata import stratum_words, untouched
from zhunsheng.draws.verdicts import verdict
from zhunsheng.reports.forms import Cell, Form, Row, label, text

UNTOUCHED_SHOWN = 200  # strata of which nobody is drawn, named in a notice


def task_form(outcome: DrawOutcome, team: Sequence[str], names: dict[str, str]) -> Form:
    """Return the task list of one team: its objects with room for results. ``names`` are the objects' names
    where known.
    """
    mine = [d for d in outcome.drawn if not d.reserve and outcome.teams[d.id] == tuple(team)]
    rows: list[Row] = [
        tuple(label(t) for t in ("序号", "统一社会信用代码", "名称", "分层", "检查日期", "检查结果", "备注"))
    ]
    rows += [
        (
            Cell(str(n)),
            Cell(d.id),
            text(names.get(d.id, "")),
            Cell(stratum_words(outcome.plan.strata, d.stratum)),
            Cell(""),
            Cell(""),
            Cell(""),
        )
        for n, d in enumerate(mine, start=1)
    ]
    items = "、".join(i.name for i in outcome.plan.items)
    notes = (
        f"检查事项：{items}。",
        f"检查结果按以下类别填写：{'；'.join(categories())}。",
        f"依据：{outcome.plan.rule}。",
    )
    caption = f"{outcome.plan.title}　检查人员：{'、'.join(team)}"
    return Form("双随机抽查任务清单", (1, 3, 4, 2.4, 2, 2.6, 2), tuple(rows), caption, True, (0, 0), notes)


def check_form(outcome: DrawOutcome, entity: str, names: dict[str, str]) -> Form:
    """Return the official check form (检查记录表) of one object."""
    plan = outcome.plan
    rows: list[Row] = [
        (label("检查任务"), Cell(plan.title, columns=3)),
        (
            label("检查对象"),
            Cell(names.get(entity, ""), align="left"),
            label("统一社会信用代码"),
            Cell(entity),
        ),
        (
            label("检查人员"),
            Cell("、".join(outcome.teams[entity])),
            label("检查日期"),
            Cell("    年  月  日"),
        ),
        (label("检查事项"), text("\n".join(f"{i.code} {i.name}" for i in plan.items), columns=3)),
        (label("检查结果"), text("\n".join(f"□ {c}" for c in categories()), columns=3)),
        (label("情况说明"), text("\n\n\n", columns=3)),
        (label("检查人员签字"), Cell(""), label("检查对象签字"), Cell("")),
    ]
    return Form("双随机、一公开检查记录表", (2, 4, 2.6, 3.6), tuple(rows), notes=(f"依据：{plan.rule}。",))


def notice_form(
    outcome: DrawOutcome, happened: Sequence[tuple[datetime, str]] = (), stamped: str = ""
) -> Form:
    """Return the public notice: how the draw was made and who was drawn.

    ``happened`` is what was recorded, with its times; ``stamped`` says whose clocks tell that it was promised
    first.
    """
    plan, committed = outcome.plan, outcome.committed
    drawn = [d for d in outcome.drawn if not d.reserve]
    facts = [
        ("抽查名称", plan.title),
        ("组织单位", plan.office),
        ("抽查事项", "、".join(i.name for i in plan.items)),
        ("抽查依据", plan.rule),
        ("名录库", f"{committed['frame']['count']} 户，摘要 {committed['frame']['digest']}"),
        ("承诺摘要", commitment_digest(committed)),
        ("数字公布", f"{told(plan.known_at)}（方案所定的时间）"),
        ("经过", "\n".join(f"{told(at)}　{what}" for at, what in happened)),
        ("外部时间戳", stamped),
        ("随机数", outcome.sealed["randomness"]),
        ("随机数的来源", verdict(plan, outcome.sealed["values"]).text()),
        ("种子", outcome.sealed["seed"]),
        ("抽中", f"{len(drawn)} 户，候补 {len(outcome.drawn) - len(drawn)} 户"),
    ]
    if spared := untouched(plan.allotted(committed["strata"])):
        said = "、".join(f"{s['words']}（{s['size']} 户）" for s in spared[:UNTOUCHED_SHOWN])
        more = "……（全部各层见 commitment.json）" if len(spared) > UNTOUCHED_SHOWN else ""
        total = sum(s["size"] for s in spared)
        facts.append(("一户也不抽的分层", f"{len(spared)} 层，共 {total} 户：{said}{more}"))
    rows: list[Row] = [(label(name), text(value, columns=4)) for name, value in facts if value]
    header = len(rows)
    rows.append(tuple(label(t) for t in ("分层", "名次", "统一社会信用代码", "号码", "检查人员")))
    rows += [
        (
            Cell(stratum_words(plan.strata, d.stratum)),
            Cell(str(d.rank)),
            Cell(d.id),
            Cell(d.ticket[:12] + "…"),
            Cell("、".join(outcome.teams[d.id])),
        )
        for d in drawn
    ]
    notes = ("核验办法：用抽查包、名录库和 verify.html，或执行 zhunsheng draw verify。",)
    return Form(
        "双随机抽查公告", (2.4, 1.2, 4.4, 3.6, 3), tuple(rows), header_rows=(header, header), notes=notes
    )


def page_of(forms: Sequence[Form]) -> str:
    """Return forms as one page of HTML; all text is escaped."""
    loader = PackageLoader("zhunsheng.reports", ".")
    pages = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return pages.get_template("draw_page.html.j2").render(forms=forms)
