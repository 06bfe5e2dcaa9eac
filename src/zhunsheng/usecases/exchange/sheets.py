"""Target sheets, self-evaluations and a run's monitoring as tables of the data standard, and back.

What the standard has no place for is found by reading back what was written: whatever comes back otherwise is
named, so that nothing is dropped in silence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from zhunsheng.errors import ZhunshengError
from zhunsheng.evaluation.scorecard import OPEN
from zhunsheng.targets import TargetSheet
from zhunsheng.targets.fields import COLUMN_LABELS, LABELS
from zhunsheng.targets.identity import identified
from zhunsheng.targets.sheet import Book, Execution, Goal, Indicator
from zhunsheng.targets.spelling import is_operator
from zhunsheng.targets.value import TargetValue
from zhunsheng.translation import worded
from zhunsheng.usecases.exchange.tables import Row, Tables, as_json, read, standard
from zhunsheng.usecases.result import Run, RunSheet
from zhunsheng.wording import plain

LIVE = "2"  # is_deleted of a row that stands
YEARLY, MEDIUM = "年度", "中期"
WHOLE_FUND = "年度资金总额"
BASIS = "指标值确定依据："
# Keys that we wrote; indicators with those of other systems get codes of ours.
OWN_KEY = re.compile(r"(?:[0-9A-Za-z]{1,12}-)?([0-9A-Za-z]{1,12})")
_TITLED = re.compile(r"((?:分项|总体|年度)?(?:绩效)?目标\s*[0-9一二三四五六七八九十]{0,3})：")
_OPERATORS = {">=": "≥", "<=": "≤", "==": "＝", ">": ">", "<": "<", "level": "定性"}
# What a run says of monitoring and results that no table has a place for.
BESIDE = (
    worded("完成值的依据（台账、测度、批次）、是否核对过口径、争议"),
    worded("预警灯、达到目标的可能的推算、年底预计的上下限"),
    worded("各维度得分、等级、得分的理由"),
)
# Where a sheet stood in its file, its own code, and what its indicators' target values already say.
_NOT_COMPARED = {"id", "place", "provenance"}
_SHEET_WORDS = {
    **{name: label for name, label in LABELS.items() if "." not in name},
    "year": worded("年度"),
    "kind": worded("部门整体还是项目"),
    "budget": worded("预算金额（在预算系统的项目表里）"),
    "spending_plan": worded("资金支出计划"),
    "goals": worded("绩效目标"),
    "safeguards": worded("保障措施"),
    "execution": worded("预算执行的分值"),
    "total_score": worded("总分"),
}
_INDICATOR_WORDS = {
    **COLUMN_LABELS,
    "deviation": worded("偏差原因"),
    "settled": worded("核对时的认定"),
    "goal": worded("所属的分项目标"),
}


# -- out
# ----------------------------------------------------------------------------------------------------


def of_sheets(sheets: Sequence[TargetSheet], agency: str = "") -> tuple[Tables, list[str]]:
    """Return sheets as tables, and in words what of them these have no place for; ``agency`` is the code of
    the unit. Tables of self-evaluation are there where a sheet has results, scores or money spent.
    """
    tables: Tables = {"PM_PERF_GOAL_INFO": [], "PM_PERF_INDICATOR": []}
    evaluated = [sheet for sheet in sheets if _has_results(sheet)]
    for sheet in sheets:
        head = _head(sheet, agency)
        goals = [{"kpi_target": _goal_text(one)} for one in sheet.goals] or [{}]
        for n, goal in enumerate(goals, 1):
            tables["PM_PERF_GOAL_INFO"].append({**head, "kpi_per_id": str(n), **goal})
        for one in sheet.indicators:
            tables["PM_PERF_INDICATOR"] += [
                {**head, **row} for row in _indicator_rows(one, key_of(sheet, one))
            ]
    if evaluated:
        for name in ("PM_PERF_SELF_EVAL", "PM_SELF_EVAL_INDICATOR", "PM_PERF_SELF_BGT"):
            tables[name] = []
    for sheet in evaluated:
        _evaluate(sheet, _head(sheet, agency), tables)
    return tables, lost(sheets, tables)


def _has_results(sheet: TargetSheet) -> bool:
    found = any(one.actual or one.score is not None or one.deviation for one in sheet.indicators)
    return found or sheet.execution is not None or sheet.total_score is not None


def _head(sheet: TargetSheet, agency: str) -> Row:
    return _filled(
        fiscal_year=str(sheet.year or ""),
        agency_code=agency,
        agency_name=sheet.unit,
        dept_name=sheet.department,
        pro_code=sheet.code,
        pro_name=sheet.name if sheet.kind == "project" else None,  # without one it is the whole department's
    )


def _filled(**said: str | None) -> Row:
    return {name: value for name, value in said.items() if value}


def _goal_text(goal: Goal) -> str:
    return f"{goal.title}：{goal.text}" if goal.title else goal.text


def key_of(sheet: TargetSheet, one: Indicator) -> str:
    """Return the key of an indicator's rows: its code is its own within its sheet only."""
    return f"{sheet.id}-{one.id}" if sheet.id else one.id


def _indicator_rows(one: Indicator, key: str) -> list[Row]:
    """Return an indicator's row of the year and, where it has a medium-term value, the one of that."""
    common = _filled(
        kpi_id=key,
        lv1_perf_ind_name=one.level1,
        lv2_perf_ind_name=one.level2,
        lv3_perf_ind_name=one.name,
        is_deleted=LIVE,
    )
    year = common | _filled(
        kpi_content=one.description,
        kpi_remark=f"{BASIS}{one.basis}" if one.basis else None,
        perf_obj_type_name=YEARLY,
        ind_weight=None if one.weight is None else plain(one.weight),
        **_value_cells(one.target, one.operator_column(), one.unit),
    )
    rows = [year]
    if one.medium_term is not None:
        value = _value_cells(one.medium_term, None, None)
        rows.append(common | _filled(perf_obj_type_name=MEDIUM, **value))
    return rows


def _value_cells(value: TargetValue, column: str | None, unit: str | None) -> dict[str, str | None]:
    """Return a value as written and, in the columns of their own that some systems ask for, its operator,
    number and unit. An operator that nobody wrote stays empty.
    """
    number = value.number
    sign = column or (None if value.implied else _OPERATORS.get(value.op))
    return {
        "kpi_val": value.raw,
        "computesign": sign,
        "indexval": None if number is None else plain(number),
        "meterunit": unit or value.unit,
    }


def _evaluate(sheet: TargetSheet, head: Row, tables: Tables) -> None:
    total = None if sheet.total_score is None else plain(sheet.total_score)
    tables["PM_PERF_SELF_EVAL"].append(head | _filled(total_eval_value=total))
    for one in sheet.indicators:
        tables["PM_SELF_EVAL_INDICATOR"].append(
            head
            | _filled(
                kpi_id=key_of(sheet, one),
                kpi_val=one.target.raw,
                ind_comp=one.actual,
                ind_weight=None if one.weight is None else plain(one.weight),
                eval_score=None if one.score is None else plain(one.score),
                devi_analy=one.deviation,
            )
        )
    if (money := sheet.execution) is not None:
        moved = None
        if money.adjusted is not None and money.planned is not None:
            moved = plain(money.adjusted - money.planned)
        rate = None
        if money.adjusted and money.spent is not None:
            rate = plain(round(money.spent / money.adjusted, 6))
        tables["PM_PERF_SELF_BGT"].append(
            head
            | _filled(
                found_type=WHOLE_FUND,
                reply_amt=_amount(money.planned),
                year_adj_amt=moved,
                cur_amt=_amount(money.adjusted),
                year_exe_amt=_amount(money.spent),
                exe_amt_rate=rate,
                exe_score=_amount(money.score),
            )
        )


def _amount(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


# -- what a run came to
# ----------------------------------------------------------------------------------------------------


def of_run(
    run: Run, agency: str = "", sheets: Sequence[TargetSheet] | None = None
) -> tuple[Tables, list[str]]:
    """Return an assessment as tables: its targets (``sheets`` where it does not hold them itself), its
    self-evaluation as far as it is decided (open points stay empty, which is not nought), and where each
    indicator stood on the day.
    """
    if sheets is None:
        sheets = Book.from_json(run.book).sheets if run.book else ()
    came = {one.id: one for one in run.results}
    filled = [_with_results(sheet, came.get(sheet.id)) for sheet in sheets]
    tables, left = of_sheets(filled, agency)
    tasks: list[Row] = []
    infos: list[Row] = []
    for sheet in sheets:
        if result := came.get(sheet.id):
            head = _head(sheet, agency)
            tasks.append(head | _task(run, result))
            infos += [head | row for row in _infos(sheet, result)]
    tables |= {"PAY_PERF_MONITOR_TASK": tasks, "PAY_PERF_MONITOR_INFO": infos}
    return tables, [*left, *BESIDE]


def _with_results(sheet: TargetSheet, result: RunSheet | None) -> TargetSheet:
    if result is None:
        return sheet
    indicators = []
    for one in sheet.indicators:
        line = result.indicator(one.id)
        if line is None:
            indicators.append(one)
            continue
        decided = line.score.verdict not in OPEN
        why = "；".join(filter(None, (line.monitoring.cause, line.monitoring.measures)))
        indicators.append(
            one.model_copy(
                update={
                    "actual": line.outcome.text or None,
                    "weight": line.score.points,
                    "score": line.score.score if decided else None,
                    "deviation": why or None,
                }
            )
        )
    money, score = result.money, result.score
    execution = Execution(
        planned=money.initial, adjusted=money.adjusted, spent=money.paid, score=score.execution.shown
    )
    return sheet.model_copy(
        update={
            "indicators": tuple(indicators),
            "execution": execution,
            "total_score": score.total if score.settled else None,
        }
    )


def _task(run: Run, result: RunSheet) -> Row:
    money = result.money
    return {"监控截止日期": run.as_of.isoformat()} | _filled(
        项目预算执行情况=_share(money.actual), 全年预计执行情况=_share(money.forecast)
    )


def _infos(sheet: TargetSheet, result: RunSheet) -> Iterable[Row]:
    for one in sheet.indicators:
        if line := result.indicator(one.id):
            said = line.monitoring
            yield _filled(
                kpi_id=key_of(sheet, one),
                lv3_perf_ind_name=one.name,
                kpi_val=one.target.raw,
                绩效指标完成情况=line.outcome.text,
                全年预计完成情况=said.forecast,
                偏差原因分析="；".join(filter(None, (said.cause, said.measures))),
                完成目标可能性=said.likelihood,
            )


def _share(value: Decimal | None) -> str | None:
    return None if value is None else f"{plain(round(value * 100, 2))}%"


# -- back
# ----------------------------------------------------------------------------------------------------

# The fields that sheets are made of; what else is filled in is named as not read.
_READ = {
    "PM_PERF_GOAL_INFO": {"kpi_per_id", "kpi_target", "ndgoal"},
    "PM_PERF_INDICATOR": {
        "kpi_id",
        "lv1_perf_ind_name",
        "lv2_perf_ind_name",
        "lv3_perf_ind_name",
        "kpi_content",
        "kpi_val",
        "kpi_remark",
        "perf_obj_type_name",
        "ind_weight",
        "is_deleted",
        "computesign",
        "indexval",
        "meterunit",
    },
    "PM_PERF_SELF_EVAL": {"total_eval_value"},
    "PM_SELF_EVAL_INDICATOR": {"kpi_id", "kpi_val", "ind_comp", "ind_weight", "eval_score", "devi_analy"},
    "PM_PERF_SELF_BGT": {
        "found_type",
        "reply_amt",
        "year_adj_amt",
        "cur_amt",
        "year_exe_amt",
        "exe_amt_rate",
        "exe_score",
    },
}
_HEAD = ("fiscal_year", "agency_code", "pro_code", "pro_name")
_NAMES = {"agency_name", "dept_name"}


def sheets_of(tables: Tables, name: str = "") -> tuple[list[TargetSheet], list[str]]:
    """Return the target sheets of tables, with the results of self-evaluations where there are some, and in
    words what was not read. Raises ``ZS-RG-26`` for a cell that should be a number, ``ZS-RG-27`` without
    targets.
    """
    if not tables.get("PM_PERF_INDICATOR") and not tables.get("PM_PERF_GOAL_INFO"):
        known = "、".join(standard()[one].title for one in tables)
        raise ZhunshengError("ZS-RG-27", name=name, what=worded("绩效目标"), tables=known)
    left = _unread(tables)
    groups: dict[tuple[str, ...], dict[str, list[tuple[int, Row]]]] = {}
    for table, rows in tables.items():
        if table not in _READ:
            continue
        for number, row in enumerate(rows, 1):
            if row.get("is_deleted") == "1":
                left.append(worded("{table}第 {row} 行：已删除的，没有读", table=table, row=number))
                continue
            key = tuple(row.get(field, "") for field in _HEAD)
            groups.setdefault(key, {}).setdefault(table, []).append((number, row))
    sheets = []
    for key, held in groups.items():
        made, more = _sheet(key, held, _Cells(name))
        sheets.append(made)
        left += more
    return sheets, left


def _unread(tables: Tables) -> list[str]:
    found: Counter[tuple[str, str]] = Counter()
    for table, rows in tables.items():
        if table == "BAS_PERF_INDICATOR":
            continue
        known = _READ.get(table, set()) | {*_HEAD, *_NAMES}
        for row in rows:
            if table not in _READ:
                found[table, ""] += 1
            found.update((table, field) for field, value in row.items() if value and field not in known)
    told: list[str] = []
    titles = {(table, one.name): one.title for table in _READ for one in standard()[table].columns}
    for (table, field), count in found.items():
        if table in _READ:
            if (title := titles.get((table, field))) is None:
                continue  # told when the file was read
            told.append(worded("{table}的“{field}”：{n} 行，没有读", table=table, field=title, n=count))
        elif not field:
            title = standard()[table].title
            told.append(worded("{table}（{title}）：{n} 行，没有读", table=table, title=title, n=count))
    return told


class _Cells:
    """Cells of a file read as numbers."""

    def __init__(self, name: str) -> None:
        self.name = name

    def number(self, table: str, number: int, row: Row, field: str) -> Decimal | None:
        """Return a number, None for an empty cell. Raises ``ZS-RG-26``."""
        text = row.get(field, "").replace(",", "")
        if not text:
            return None
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or len(text) > 30:
            raise ZhunshengError(
                "ZS-RG-26",
                name=self.name,
                table=standard()[table].title,
                row=number,
                field=field,
                detail=worded("“{text}”不是数", text=text[:30]),
            )
        return value


def _sheet(
    key: tuple[str, ...], rows: dict[str, list[tuple[int, Row]]], cells: _Cells
) -> tuple[TargetSheet, list[str]]:
    year_text, _agency, code, called = key
    year = int(year_text) if re.fullmatch(r"(?:19|20)\d\d", year_text) else None
    left: list[str] = []
    first = next(row for table in rows.values() for _n, row in table)
    goals = [
        _goal(text)
        for _n, row in rows.get("PM_PERF_GOAL_INFO", ())
        if (text := row.get("kpi_target") or row.get("ndgoal"))
    ]
    results = {row.get("kpi_id", ""): (n, row) for n, row in rows.get("PM_SELF_EVAL_INDICATOR", ())}
    indicators: list[Indicator] = []
    keys: list[str] = []
    medium: list[Row] = []
    for n, row in rows.get("PM_PERF_INDICATOR", ()):
        if MEDIUM in row.get("perf_obj_type_name", ""):
            medium.append(row)
            continue
        weight = cells.number("PM_PERF_INDICATOR", n, row, "ind_weight")
        one = _indicator(row, weight, year)
        if found := results.pop(row.get("kpi_id") or "-", None):
            at, result = found
            said = {
                "actual": result.get("ind_comp") or None,
                "score": cells.number("PM_SELF_EVAL_INDICATOR", at, result, "eval_score"),
                "deviation": result.get("devi_analy") or None,
            }
            one = one.model_copy(update=said)
        indicators.append(one)
        keys.append(row.get("kpi_id", ""))
    left += [
        worded("自评指标“{name}”：没有同一主键的绩效指标，没有读", name=row.get("kpi_id") or "—")
        for _n, row in results.values()
    ]
    left += _put_medium(indicators, keys, medium, year)
    foreign = [
        row for _n, row in rows.get("PM_PERF_INDICATOR", ()) if not OWN_KEY.fullmatch(row.get("kpi_id", "x"))
    ]
    if foreign:
        left.append(worded("对方系统的指标主键：{n} 行，另编", n=len(foreign)))
    sheet = TargetSheet(
        kind="project" if code or called else "department",
        name=called or None,
        code=code or None,
        department=first.get("dept_name") or None,
        unit=first.get("agency_name") or None,
        year=year,
        goals=tuple(goals),
        indicators=tuple(indicators),
        execution=_execution(rows, cells, left),
        total_score=_total(rows, cells),
    )
    return identified(sheet), left


def _goal(text: str) -> Goal:
    titled = _TITLED.match(text)
    if titled and text[titled.end() :]:
        return Goal(title=titled[1], text=text[titled.end() :])
    return Goal(text=text)


def _indicator(row: Row, weight: Decimal | None, year: int | None) -> Indicator:
    remark = row.get("kpi_remark", "")
    target = _target(row, year)
    return Indicator(
        id=own[1] if (own := OWN_KEY.fullmatch(row.get("kpi_id", ""))) else "",
        level1=row.get("lv1_perf_ind_name") or None,
        level2=row.get("lv2_perf_ind_name") or None,
        name=row.get("lv3_perf_ind_name") or row.get("kpi_content") or "—",
        description=row.get("kpi_content") or None,
        target=target,
        weight=weight,
        basis=remark.removeprefix(BASIS) or None,
        operator=_own(row, "computesign", target),
        unit=row.get("meterunit") or None if _own(row, "meterunit", target) else None,
    )


def _own(row: Row, field: str, target: TargetValue) -> str | None:
    """Return what a column of its own says and the value itself leaves out."""
    said = row.get(field) or None
    alone = TargetValue.parse(target.raw)
    written = not alone.implied if field == "computesign" else alone.unit is not None
    return None if written and alone.op not in ("level", "unread") else said


def _target(row: Row, year: int | None) -> TargetValue:
    raw = row.get("kpi_val") or row.get("indexval") or ""
    alone = TargetValue.parse(raw, year=year)
    if not alone.implied and alone.unit and alone.op not in ("level", "unread"):
        return alone  # the other columns say it again
    return TargetValue.parse(raw, op=row.get("computesign"), unit=row.get("meterunit"), year=year)


def _put_medium(
    indicators: list[Indicator], keys: list[str], medium: list[Row], year: int | None
) -> list[str]:
    """Put medium-term values to the indicators of the same key or, without keys, the same names."""
    left: list[str] = []
    for row in medium:
        same = [
            n
            for n, one in enumerate(indicators)
            if (one.id and keys[n] == row.get("kpi_id"))
            or (
                not (one.id and row.get("kpi_id"))
                and (one.level2 or "", one.name)
                == (row.get("lv2_perf_ind_name", ""), row.get("lv3_perf_ind_name", ""))
            )
        ]
        if len(same) == 1 and indicators[same[0]].medium_term is None:
            update = {"medium_term": _target(row, year)}
            indicators[same[0]] = indicators[same[0]].model_copy(update=update)
        else:
            name = row.get("lv3_perf_ind_name", "")
            left.append(worded("中期指标“{name}”：没有同一个年度指标，没有读", name=name))
    return left


def _execution(rows: dict[str, list[tuple[int, Row]]], cells: _Cells, left: list[str]) -> Execution | None:
    money = rows.get("PM_PERF_SELF_BGT", [])
    whole = [one for one in money if one[1].get("found_type", "") in ("", WHOLE_FUND)]
    for n, row in money:
        if (n, row) not in whole[:1]:
            fund = row.get("found_type", "")
            left.append(worded("自评预算执行情况第 {row} 行（{fund}）：没有读", row=n, fund=fund))
    if not whole:
        return None
    n, row = whole[0]
    fields = {"planned": "reply_amt", "adjusted": "cur_amt", "spent": "year_exe_amt", "score": "exe_score"}
    said = {name: cells.number("PM_PERF_SELF_BGT", n, row, field) for name, field in fields.items()}
    return Execution(**said)


def _total(rows: dict[str, list[tuple[int, Row]]], cells: _Cells) -> Decimal | None:
    for n, row in rows.get("PM_PERF_SELF_EVAL", ()):
        return cells.number("PM_PERF_SELF_EVAL", n, row, "total_eval_value")
    return None


# -- what is lost
# ----------------------------------------------------------------------------------------------------


def lost(sheets: Sequence[TargetSheet], tables: Tables) -> list[str]:
    """Return in words what of sheets does not come back from their tables as they are written to a file."""
    if not sheets:
        return []
    back, more = sheets_of(read(as_json(tables), "")[0])
    told: Counter[str] = Counter()
    if len(back) != len(sheets):
        told[worded("同名而没有项目代码的目标表，读回来成了一张")] += len(sheets) - len(back)
    else:
        for given, came in zip(sheets, back, strict=True):
            _compare(given, came, told)
    return [worded("{what}：{n} 处", what=what, n=n) for what, n in told.items()] + more


def _compare(given: TargetSheet, came: TargetSheet, told: Counter[str]) -> None:
    for name in TargetSheet.model_fields:
        one, other = getattr(given, name), getattr(came, name)
        if name in _NOT_COMPARED:
            continue
        if name == "indicators":
            for first, second in zip(one, other, strict=False):
                _compare_indicator(first, second, told)
            if len(one) != len(other):
                told[worded("绩效指标")] += abs(len(one) - len(other))
        elif _bare(one) != _bare(other):
            told[_SHEET_WORDS.get(name, name)] += 1


def _compare_indicator(given: Indicator, came: Indicator, told: Counter[str]) -> None:
    for name in Indicator.model_fields:
        one, other = getattr(given, name), getattr(came, name)
        if name in ("place", "operator", "unit"):  # the value compared below holds them
            continue
        if name == "nature" and one and is_operator(one):
            continue
        if name == "id" and not one:
            continue
        if name in ("target", "medium_term", "original") and one is not None and other is not None:
            same = one.same(other) and one.raw == other.raw
        else:
            same = (one or None) == (other or None) if isinstance(one, str) else one == other
        if not same:
            told[_INDICATOR_WORDS.get(name, name)] += 1


def _bare(value: Any) -> Any:
    """Return goals without where they stood, all else as it is."""
    if isinstance(value, tuple) and value and isinstance(value[0], Goal):
        return tuple((goal.title or "", goal.text.strip()) for goal in value)
    return value or None if isinstance(value, str | tuple) else value
