"""The indicator library as the table of the data standard (BAS_PERF_INDICATOR), and back."""

from __future__ import annotations

from collections.abc import Sequence

from zhunsheng.errors import ZhunshengError
from zhunsheng.targets.library import CODE, DIRECTIONS, STANDARDS, LibraryEntry, next_code
from zhunsheng.translation import worded
from zhunsheng.usecases.exchange.tables import Row, Tables, standard

TABLE = "BAS_PERF_INDICATOR"
# Our fields by those of the table; what has none is named when a library goes out.
_FIELDS = {
    "code": "perf_ind_code",
    "level1": "一级指标",
    "level2": "二级指标",
    "name": "三级指标",
    "direction": "计算符号",
    "target": "参考值",
    "unit": "计量单位",
    "description": "指标解释",
    "standard": "绩效标准",
    "cautions": "指标值说明",
}
_WITHOUT = {
    "basis": worded("确定依据"),
    "source": worded("数据来源"),
    "period": worded("周期"),
    "measure": worded("测度"),
}


def of_library(entries: Sequence[LibraryEntry]) -> tuple[Tables, list[str]]:
    """Return entries as a table, and in words what of them it has no place for."""
    rows: list[Row] = []
    for one in entries:
        row = {field: getattr(one, name) for name, field in _FIELDS.items() if getattr(one, name)}
        rows.append(row | {"is_common_ind": "1" if one.common else "2", "行业类别": one.code[:2]})
    left: list[str] = []
    for name, label in _WITHOUT.items():
        if count := sum(1 for one in entries if getattr(one, name)):
            left.append(worded("{what}：{n} 处", what=label, n=count))
    if coded := sum(1 for one in entries if not one.code):
        left.append(worded("{n} 项没有编号，重新读入时会另编", n=coded))
    return {TABLE: rows}, left


def library_of(
    tables: Tables, name: str = "", known: Sequence[str] = ()
) -> tuple[list[LibraryEntry], list[str]]:
    """Return the entries of a table, and what was not read. A code in another form (each region deals its
    own) is told, and the entry gets one of ours beside the codes ``known``. Raises ``ZS-RG-26``, ``-27``.
    """
    if TABLE not in tables:
        known_tables = "、".join(standard()[one].title for one in tables)
        raise ZhunshengError("ZS-RG-27", name=name, what=standard()[TABLE].title, tables=known_tables)
    codes, found = set(known), []
    left: list[str] = []
    for number, row in enumerate(tables[TABLE], 1):
        said = {mine: row.get(field, "") for mine, field in _FIELDS.items()}
        for needed in ("level1", "level2", "name"):
            if not said[needed]:
                _refuse(name, number, _FIELDS[needed], worded("没有填写"))
        if said["direction"] and said["direction"] not in DIRECTIONS:
            said["direction"] = {">=": "≥", "<=": "≤", "=": "＝", "＞＝": "≥"}.get(said["direction"], "?")
            if said["direction"] == "?":
                _refuse(name, number, "计算符号", worded("应为 {words}", words="、".join(DIRECTIONS)))
        said["standard"] = said["standard"].removesuffix("标准")
        if said["standard"] and said["standard"] not in STANDARDS:
            _refuse(name, number, "绩效标准", worded("应为 {words}", words="、".join(STANDARDS)))
        if not CODE.fullmatch(said["code"]):
            if said["code"]:
                left.append(worded("第 {row} 行的指标编码“{code}”：另编", row=number, code=said["code"]))
            industry = row.get("行业类别", "")
            said["code"] = next_code(
                industry if len(industry) == 2 and industry.isascii() and industry.isupper() else "GE",
                said["level1"],
                said["level2"],
                codes,
            )
        codes.add(said["code"])
        for field in ("mof_div_code", "关键词"):
            if row.get(field):
                left.append(worded("第 {row} 行的“{field}”没有读", row=number, field=field))
        for mine, value in said.items():
            most = next(
                (m.max_length for m in LibraryEntry.model_fields[mine].metadata if hasattr(m, "max_length")),
                None,
            )
            if most and len(value) > most:
                _refuse(name, number, _FIELDS[mine], worded("超过 {most} 字", most=most))
        found.append(LibraryEntry.model_validate(said | {"common": row.get("is_common_ind") in ("1", "是")}))
    return found, left


def _refuse(name: str, row: int, field: str, detail: str) -> None:
    raise ZhunshengError(
        "ZS-RG-26", name=name, table=standard()[TABLE].title, row=row, field=field, detail=detail
    )
