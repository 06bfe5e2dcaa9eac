"""Write an Excel template for a ledger: titles, drop-downs, date checks and notes."""

from __future__ import annotations

from pathlib import Path

import xlsxwriter

from zhunsheng.evidence.ledgers import Column, Ledger
from zhunsheng.files.scratch import scratch_folder
from zhunsheng.files.writing import whole_file
from zhunsheng.text import AS_TEXT

ROWS = 5000  # rows that carry drop-downs and checks
_SAYS = {
    "text": "文字",
    "date": "日期，如 2021-03-05",
    "integer": "整数",
    "money": "金额（元）",
    "bool": "是或否",
    "choice": "从下拉列表选择",
}


def write_template(ledger: Ledger, path: Path) -> None:
    """Write the template to ``path`` (xlsx), whole: a sheet to fill in and a sheet that explains every
    column.
    """
    with whole_file(path) as partial, scratch_folder() as scratch:
        _write(ledger, partial, scratch)


def _write(ledger: Ledger, path: Path, scratch: Path) -> None:
    book = xlsxwriter.Workbook(str(path), AS_TEXT | {"tmpdir": str(scratch)})
    font = {"font_name": "宋体", "font_size": 11}
    required = book.add_format({**font, "bold": True, "bg_color": "#FCE4D6", "border": 1, "align": "center"})
    optional = book.add_format({**font, "bold": True, "bg_color": "#EDEDED", "border": 1, "align": "center"})
    formats = {
        "date": book.add_format({**font, "num_format": "yyyy-mm-dd"}),
        "money": book.add_format({**font, "num_format": "#,##0.00"}),
        "text": book.add_format({**font, "num_format": "@"}),
    }
    sheet = book.add_worksheet(ledger.title)
    for n, column in enumerate(ledger.columns):
        title = column.title
        sheet.write_string(0, n, title, required if column.required else optional)
        sheet.write_comment(0, n, _explain(column), {"x_scale": 1.6})
        plain = "text" if column.type in ("text", "choice", "bool") else column.type
        sheet.set_column(n, n, max(12, len(title) * 2 + 4), formats.get(plain))
        _validate(sheet, n, column)
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.repeat_rows(0)
    _explain_sheet(
        book, ledger, optional, book.add_format({**font, "text_wrap": True, "valign": "top", "border": 1})
    )
    book.close()


def _validate(sheet: xlsxwriter.worksheet.Worksheet, n: int, column: Column) -> None:
    said = {"error_title": column.title, "error_message": _explain(column)[:250], "ignore_blank": True}
    values = (
        list(column.values) if column.type == "choice" else ["是", "否"] if column.type == "bool" else None
    )
    if values:
        # Excel keeps a list within 255 characters; longer ones stand on the second sheet.
        sheet.data_validation(
            1,
            n,
            ROWS,
            n,
            {
                "validate": "list",
                "source": values
                if len(",".join(values)) < 250
                else f"=填写说明!$H${n + 2}:${_letter(7 + len(values) - 1)}${n + 2}",
                **said,
            },
        )
    elif column.type == "date":
        sheet.data_validation(
            1,
            n,
            ROWS,
            n,
            {
                "validate": "date",
                "criteria": "between",
                "minimum": column.first_day,
                "maximum": column.last_day,
                **said,
            },
        )
    elif column.type in ("integer", "money"):
        kind = "integer" if column.type == "integer" else "decimal"
        low = column.minimum if column.minimum is not None else -(10**12)
        sheet.data_validation(
            1,
            n,
            ROWS,
            n,
            {"validate": kind, "criteria": "between", "minimum": low, "maximum": 10**12, **said},
        )


def _explain_sheet(book: xlsxwriter.Workbook, ledger: Ledger, head: object, cell: object) -> None:
    sheet = book.add_worksheet("填写说明")
    for n, title in enumerate(["列名", "必填", "类型", "说明", "也认得的列名", "个人信息", "主键", "可选值"]):
        sheet.write_string(0, n, title, head)
    for row, column in enumerate(ledger.columns, start=1):
        texts = [
            column.title,
            "是" if column.required else "否",
            _SAYS[column.type],
            column.note or "",
            "、".join(column.synonyms),
            "是，不会公开" if column.personal else "否",
            "是" if column.name in ledger.key else "否",
        ]
        for n, text in enumerate(texts):
            sheet.write_string(row, n, text, cell)
        for n, value in enumerate(column.values):
            sheet.write_string(row, 7 + n, value, cell)
    sheet.write_string(
        len(ledger.columns) + 2,
        0,
        f"{ledger.title}：{ledger.what}。浅橙色标题为必填列；列的先后不限，不用的列可以删除。",
    )
    for n, width in enumerate((22, 8, 26, 34, 40, 14, 8, 24)):
        sheet.set_column(n, n, width)


def _explain(column: Column) -> str:
    parts = ["必填" if column.required else "选填", _SAYS[column.type]]
    if column.values:
        parts.append("可选：" + "、".join(column.values))
    if column.note:
        parts.append(column.note)
    if column.not_before:
        parts.append("不早于前一日期")
    if column.near:
        parts.append("与日期相差不超过一年")
    if column.personal:
        parts.append("个人信息，不会公开")
    return "；".join(parts)


def _letter(n: int) -> str:
    return chr(65 + n) if n < 26 else chr(64 + n // 26) + chr(65 + n % 26)
