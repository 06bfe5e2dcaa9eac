"""Write the catalogue pages of the docs from what the code and data hold: rules, measures, ledgers, errors,
schemes, standards.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from zhunsheng.errors import MESSAGES
from zhunsheng.evidence import Ledger, ledgers
from zhunsheng.measures import measures
from zhunsheng.measures.definitions import QUESTIONS, Link
from zhunsheng.measures.pledges import pledges
from zhunsheng.regulations import (
    Dated,
    Deadline,
    deadlines,
    frameworks,
    local_schemes,
    monitoring_rules,
    schemes,
)
from zhunsheng.regulations.dates import fixed_days
from zhunsheng.regulations.workdays import PUBLISHED, fixed_holidays
from zhunsheng.review import LEVELS, all_rules
from zhunsheng.targets import json_schema
from zhunsheng.usecases.result import json_schema as run_schema
from zhunsheng.usecases.worked_examples import judgement_page

_NOTE = "<!-- 本页由 `make docs` 从代码和数据生成，请勿手改。 -->\n"
_FIELDS = {
    "name": "项目名称",
    "code": "项目编码",
    "budget": "预算",
    "total": "总额",
    "fiscal": "财政资金",
    "spending_plan": "支出计划",
    "goals": "目标",
    "indicators": "指标",
    "target": "指标值",
    "basis": "依据",
    "description": "描述",
    "weight": "权重",
    "year": "年度",
    "purpose": "资金用途",
    "last_year": "上年值",
    "actual": "完成值",
    "score": "得分",
    "text": "文字",
    "+": "另加",
}
_SHEETS = {"project": "项目表", "department": "部门表", "other": "另一项目表", "previous": "上年项目表"}


def rules_page() -> str:
    """Return the catalogue of review rules."""
    lines = [
        _NOTE,
        "# 审核规则\n",
        f"共 {len(all_rules())} 条。错误须改正，警告应改正或说明，提示供参考；有错误时 `zhunsheng review` 的"
        "退出码为 1。\n",
    ]
    for r in all_rules():
        lines += [
            f"## {r.code} {r.title}（{LEVELS[r.level]}）\n",
            f"- 为什么：{r.why}",
            f"- 怎样改：{r.mend}",
            f"- 依据：{r.basis}",
            f"- 有问题：{_patch(r.bad)}",
            f"- 没问题：{_patch(r.good) if r.good else '示例文档原样'}\n",
        ]
    return "\n".join(lines)


def _patch(patch: dict[str, Any]) -> str:
    said = []
    for path, value in patch.items():
        sheet, *parts = path.split(".")
        words = [f"第{int(p) + 1}个" if p.isdigit() else _FIELDS.get(p, p) for p in parts]
        said.append(f"{_SHEETS[sheet]}{''.join(words)} = {_value(value)}")
    return "；".join(said)


def _value(value: Any) -> str:
    if value is None or value == []:
        return "（空）"
    if isinstance(value, list):
        return "、".join(f"{a} {float(b):.0%}" for a, b in value)
    return f"“{value}”"


def measures_page() -> str:
    """Return the catalogue of measures."""
    lines = [
        _NOTE,
        "# 测度\n",
        "由台账算出的指标。`zhunsheng measure 名称 --rows` 列出每个数背后的行。\n",
        "条件里 `:as_of` 为截至日（含当日，不晚于年末），`:today` 为截至日本身，`:year_start`、`:year_end`、"
        "`:last_year_end` 为本年首末日与上年末日，`:report_deadline` 为年报截止日，`:two_years` 为两年的首日"
        "；截至日以后的日期一律当作还不知道。\n",
    ]
    for m in measures().values():
        own = ledgers()[m.ledger]
        lines += [
            f"## {m.name}（`{m.id}`，第 {m.version} 版）\n",
            f"- 公式：{m.formula}（{m.unit}）",
            f"- 台账：{own.title}，条件 `{m.population}`",
        ]
        lines += [f"- 计入：`{m.hits}`"] if m.hits else []
        lines += [f"- 取值：{_valued(own, m.of)}"] if m.of else []
        lines += [f"- 除以：{_valued(own, m.per)}"] if m.per else []
        lines += [f"- {_linked(link)}" for link in m.links]
        if m.needs:
            columns = "、".join(own.column(name).title for name in m.needs)
            lines.append(f"- 没有一行填写{columns}的，说不出")
        lines += [f"- 随数说明：`{aside.where}` 的行数，{aside.says}" for aside in m.asides]
        lines += [f"- 下钻：{'、'.join(own.column(c).title for c in m.drill)}"] if m.drill else []
        lines += [f"- 别名：{'、'.join(m.aliases)}", f"- 依据：{m.citation}"]
        lines += [f"- 第 {c.version} 版，{c.since} 起：{c.what}" for c in m.changes]
        said = m.answers.model_dump() if m.answers else {}
        lines += [f"- {asked}：{said[name]}" for name, asked in QUESTIONS.items() if name in said]
        lines[-1] += "\n"
    return "\n".join(lines) + "\n" + _promised()


def _valued(ledger: Ledger, text: str) -> str:
    """Return what is summed of a row: a column by its title, an expression as it is."""
    return next((c.title for c in ledger.columns if c.name == text), f"`{text}`")


def _linked(link: Link) -> str:
    """Return what a link makes of the other ledger's rows."""
    other = ledgers()[link.ledger]
    what = "行数" if link.count else f"最早的{other.column(link.first).title}" if link.first else "有没有"
    return f"{link.as_}：{other.title}中 {'、'.join(link.keys)} 相同且 `{link.where}` 的行（{what}）"


def _promised() -> str:
    """Return what documents promise, with what measures it or why nothing does."""
    lines = ["# 承诺与测度\n", "目标文字里常见的承诺，由哪些测度证明；没有测度的写明为什么。\n"]
    lines += ["| 承诺 | 文中的写法 | 测度，或为什么没有 |", "|---|---|---|"]
    known = measures()
    for one in pledges():
        proved = "、".join(f"{known[name].name}（`{name}`）" for name in one.measures)
        lines.append(f"| {one.name} | {'、'.join(one.words)} | {proved or f'没有测度：{one.why}'} |")
    return "\n".join(lines) + "\n"


_TYPES = {
    "text": "文字",
    "date": "日期",
    "integer": "整数",
    "money": "金额（元）",
    "bool": "是/否",
    "choice": "选择",
}


def _said_again(ledger: Ledger) -> str:
    """Return which rows say again what others said, empty where none do."""
    if (once := ledger.once) is None:
        return ""
    alike = "、".join(ledger.column(name).title for name in (once.who, *once.by))
    return f"{alike} 都相同的几行只计{ledger.column(once.last[0]).title}最晚的一行。"


def ledgers_page() -> str:
    """Return the dictionary of ledgers."""
    lines = [
        _NOTE,
        "# 台账字典\n",
        "每个台账另有可选的“部门”列；不填时为导入时指明的部门。“个人”列不会出现在公开的页面上。\n",
    ]
    for ledger in ledgers().values():
        keys = "、".join(ledger.column(k).title for k in ledger.key)
        lines += [
            f"## {ledger.title}（`{ledger.id}`）\n",
            f"{ledger.what}。主键：{keys}。{_said_again(ledger)}\n",
            "| 列 | 名称 | 类型 | 必填 | 个人 | 取值与说明 | 也认得 |",
            "|---|---|---|---|---|---|---|",
        ]
        for c in ledger.columns:
            said = "；".join(
                filter(
                    None,
                    (
                        "、".join(c.values),
                        c.note or "",
                        f"不早于{ledger.column(c.not_before).title}" if c.not_before else "",
                        f"与{ledger.column(c.near).title}相差不超过一年" if c.near else "",
                    ),
                )
            )
            row = (
                f"`{c.name}`",
                c.title,
                _TYPES[c.type],
                "是" if c.required else "",
                "是" if c.personal else "",
                said,
                "、".join(c.synonyms),
            )
            lines.append(f"| {' | '.join(row)} |")
        lines.append("")
    return "\n".join(lines)


def regulations_page() -> str:
    """Return the rules in force, as data, with their sources."""
    lines = [
        _NOTE,
        "# 现行规则数据\n",
        "“未核实”的条目是地方惯例或凭记忆录入，使用前请对照原文；用 `--scheme 文件` 可换成本地方案。\n",
    ]
    lines += ["## 指标框架\n"]
    for f in frameworks():
        lines.append(
            f"- **{f.name}**（{f.valid_from} 起{f'，至 {f.valid_to}' if f.valid_to else ''}；{f.citation}；"
            f"{_checked(f)}{f'；适用于{f.scope}' if f.scope else ''}）"
        )
        lines += [
            f"    - {d.name}：{'、'.join(c.name + ('（必设）' if c.required else '') for c in d.categories)}"
            for d in f.dimensions
        ]
    lines += ["\n## 评分方案\n"]
    for s in (*schemes(), *local_schemes()):
        lines.append(
            f"- **{s.name}**（`{s.id}`，{s.valid_from} 起{f'，至 {s.valid_to}' if s.valid_to else ''}；"
            f"{'。'.join(filter(None, (s.citation, s.ended)))}；{_checked(s)}"
            f"{f'；适用于{s.scope}' if s.scope else ''}）"
        )
        lines += [
            f"    - 分值：{'、'.join(f'{k} {v}' for k, v in p.dimensions.items())}、预算执行率 {p.execution}"
            f"（{p.citation}）"
            for p in s.points
        ]
        lines.append(
            f"    - 超额：达到目标的 {s.over.threshold:.0%} 起，"
            f"{'先请说明，认定目标偏低的才扣分' if s.over.when == 'asked' else '直接扣分'}"
            f"（{s.over.citation}，{_status(s.over.status)}）"
        )
        lines.append(
            f"    - 逾期：{'、'.join(f'{b.days} 天内 {b.share:.0%}' for b in s.late.bands) or '由人评定'}"
            f"（{s.late.citation}，{_status(s.late.status)}）"
        )
        lines.append(
            f"    - 定性：{'、'.join(f'{b.name} {b.low:.0%}–{b.high:.0%}' for b in s.qualitative)}"
            f"（{s.qualitative_citation}）"
        )
        lines.append(
            f"    - 等级：{'、'.join(f'{g.from_} 分起 {g.name}' for g in s.grades)}（{s.grades_citation}）"
        )
    lines += ["\n## 运行监控\n"]
    for m in monitoring_rules():
        lines.append(
            f"- **{m.name}**（{m.citation}；{_checked(m)}；适用于{m.scope}）："
            f"资金绿灯 {m.lights.green:.0%} 起，黄灯 {m.lights.yellow:.0%} 起"
            f"，{m.lights.ahead:.0%} 起为支出快于计划（{m.lights.citation}，{_status(m.lights.status)}）；"
            f"指标按年底达到目标的可能：绿灯 {m.chances.green:.0%} 起，黄灯 {m.chances.yellow:.0%} 起"
            f"（{m.chances.citation}，{_status(m.chances.status)}）；偏差原因：{'、'.join(m.causes)}"
        )
    lines += ["\n## 期限\n"]
    lines += [
        f"起算当日不计入；同一期限有几个版本的，按起算日选用。{PUBLISHED[1]} 以后的放假安排还没有收录，"
        "只除去周末和固定日期的节假日，算出的到期日标为“暂定”。\n",
        "| 期限 | 天数 | 起算 → 办结 | 停计与延长 | 约束 | 有效 | 依据 | 核实 |",
        "|---|---|---|---|---|---|---|---|",
        *(f"| {' | '.join(_limit(d))} |" for d in deadlines()),
        *_unrated(),
        "\n## 固定日期\n",
    ]
    when = {-1: "上一年", 0: "当年", 1: "下一年"}
    lines += [
        f"- {d.name}：{when[d.years]} {d.month} 月 {d.day} 日（{d.citation}，{_status(d.status)}）"
        for d in fixed_days()
    ]
    lines += [
        f"- {h.name}：每年 {'、'.join(h.days)}，自 {h.valid_from} 起（{h.citation}，{_status(h.status)}）"
        for h in fixed_holidays()
    ]
    return "\n".join(lines) + "\n"


def _unrated() -> list[str]:
    """Return which limits have a measure of what was in time, and why the others have none."""
    newest = {d.id: d for d in deadlines()}
    rated = [d for d in newest.values() if d.rate]
    return [
        f"\n### 没有按期率的\n\n{len(newest)} 个期限里有 {len(rated)} 个有按期率的测度；其余的为什么没有：\n",
        *(f"- {d.name}（`{d.id}`）：{d.unrated}" for d in newest.values() if not d.rate),
    ]


def _limit(d: Deadline) -> tuple[str, ...]:
    """Return a limit as a row: what, days, from where to where, what stops or lengthens it, whom it binds,
    when and why.
    """
    if d.month_before:
        days = "到期前一个月"
    elif d.days:
        days = f"{d.days} {'个工作日' if d.workdays else '日'}{'，遇节假日顺延' if d.shift else ''}"
    else:
        days = "当日"
    columns = ""
    if d.ledger:
        own = ledgers()[d.ledger]
        starts = "、".join("年报截止日" if c.startswith(":") else own.column(c).title for c in d.starts)
        ends = [own.column(c).title for c in d.ends]
        if d.elsewhere:
            far = ledgers()[d.elsewhere.ledger]
            ends.append(f"{far.title}{far.column(d.elsewhere.column).title}")
        columns = f"{own.title}：{starts} → {'、'.join(ends)}"
    longer = [f"停计：{'、'.join(d.stops)}"] if d.stops else []
    longer += [f"可延长 {d.extension} {'个工作日' if d.workdays else '日'}"] if d.extension else []
    longer += ["可继续延期"] if d.until else []
    valid = f"{d.valid_from} 起" + (f"，至 {d.valid_to}" if d.valid_to else "")
    why = "。".join(filter(None, (d.citation, d.note, d.ended)))
    return (
        f"{d.name}（`{d.id}`）",
        days,
        columns,
        "；".join(longer),
        d.binds,
        valid,
        why,
        _checked(d),
    )


def _checked(entry: Dated) -> str:
    return f"{_status(entry.status)}（{'；'.join(filter(None, (str(entry.checked_on), entry.known)))}）"


def _status(status: str) -> str:
    return "已核实" if status == "verified" else "未核实"


def errors_page() -> str:
    """Return the list of error codes."""
    lines = [_NOTE, "# 错误代码\n", "网页与接口上的解决办法与命令行不同的，另列一栏。\n"]
    lines += ["| 代码 | 说明 | 怎样解决 | 在网页上 |", "|---|---|---|---|"]
    lines += [
        f"| {code} | {texts[0]} | {texts[1]} | {''.join(texts[2:])} |"
        for code, texts in sorted(MESSAGES.items())
    ]
    return "\n".join(lines) + "\n"


DOCS = (
    Path(__file__).parents[2] / "docs"
)  # of the checkout: what the standards are answered with is data there
# How the site stands to an item of a standard, in the order of attention.
STATES = {
    "open": "未做",
    "partly": "部分",
    "operator": "由使用单位",
    "met": "满足",
    "not applicable": "不涉及",
}


def standard(name: str) -> Any:
    """Return the data of ``docs/NAME.yaml``."""
    return yaml.safe_load((DOCS / f"{name}.yaml").read_text("utf8"))


def asvs_page() -> str:
    """Return how the site stands to each item of ASVS, what is open first."""
    data, items = standard("asvs"), standard("asvs-items")
    levels = {one: level for level, rows in items["levels"].items() for row in rows for one in row}
    known = data["items"]
    lines = [
        "<!-- Written by `make docs` from asvs.yaml; change that. -->\n",
        f"# {data['about']}\n",
        "What each item asks is told in our own few words; the text is "
        "[OWASP's](https://github.com/OWASP/ASVS/tree/master/5.0) (CC BY-SA 4.0). "
        "The answers are our own examination by reading and testing, no audit. “met” without a test says "
        "why there is none.\n",
        "| | items |\n|---|---:|",
        *(f"| {state} | {sum(i['status'] == state for i in known)} |" for state in STATES),
        f"| all | {len(known)} |\n",
        "## Open\n",
        *(
            f"- **{i['id']}** (level {levels[i['id']]}) {i['asks']}: {i['how']}"
            for i in known
            if i["status"] == "open"
        ),
        "\n## Partly\n",
        *(
            f"- **{i['id']}** (level {levels[i['id']]}) {i['asks']}: {i['how']}"
            for i in known
            if i["status"] == "partly"
        ),
    ]
    for chapter, title in data["chapters"].items():
        lines += [
            f"\n## {chapter} {title}\n",
            "| item | level | asks | status | how | test |",
            "|---|---:|---|---|---|---|",
        ]
        lines += [
            f"| {i['id']} | {levels[i['id']]} | {i['asks']} | {i['status']} | {i['how']} | {_tests(i)} |"
            for i in known
            if i["id"].split(".")[0] == chapter
        ]
    return "\n".join(lines) + "\n"


def _tests(item: dict[str, Any]) -> str:
    return "<br>".join(f"`{test}`" for test in item["tests"]) if "tests" in item else item["none"]


def djbh_page() -> str:
    """Return what the site does for each item of 等保 level 3, and what its operator must do."""
    data = standard("djbh")
    known = data["items"]
    lines = [
        "<!-- 本页由 `make docs` 从 djbh.yaml 生成，请勿手改。 -->\n",
        f"# {data['about']}\n",
        "各项要求是用自己的话概括的，不代替标准；条号和控制点名称与公开资料一致，各款内容没有核对标准原文"
        "（`status: unverified`），测评前请对照原文。结论是项目自己的，不是测评结论。\n",
        "| | 项 |\n|---|---:|",
        *(f"| {words} | {sum(i['state'] == state for i in known)} |" for state, words in STATES.items()),
        f"| 合计 | {len(known)} |\n",
    ]
    for part in dict.fromkeys(i["part"] for i in known):
        lines += [
            f"## {part}\n",
            "| 条号 | 控制点 | 要求 | 结论 | 软件做了什么 | 使用单位还要做什么 | 测试 |",
            "|---|---|---|---|---|---|---|",
        ]
        lines += [
            f"| {i['id']} | {i['name']} | {i['asks']} | {STATES[i['state']]} | {i['does']} | "
            f"{i['operator']} | {_tests(i)} |"
            for i in known
            if i["part"] == part
        ]
        lines.append("")
    return "\n".join(lines)


def _json(schema: dict[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "rules.md": rules_page,
    "measures.md": measures_page,
    "ledgers.md": ledgers_page,
    "regulations.md": regulations_page,
    "judgement.md": lambda: "\n".join([_NOTE, *judgement_page()]),
    "errors.md": errors_page,
    "asvs.md": asvs_page,
    "djbh.md": djbh_page,
    "schema/book.json": lambda: _json(json_schema()),
    "schema/run.json": lambda: _json(run_schema()),
}


def main(folder: Path) -> None:
    """Write all pages below ``folder``."""
    for name, page in PAGES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page(), "utf8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
