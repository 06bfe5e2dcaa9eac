"""Print one invented table of indicators in many layouts to PDF and tell how many of its rows are read whole.

``python bench/page_layouts.py FOLDER`` prints by typst (``pip install typst``), Chromium and LibreOffice,
each where it is installed, reads every file and lists its rows; ``--keep tests/golden/pages`` writes what is
on the pages for the tests.
"""

from __future__ import annotations

import argparse
import gzip
import html
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import docx
import pypdfium2
import xlsxwriter
from pypdfium2 import raw

from zhunsheng.files.opening import open_file
from zhunsheng.files.pdf import contents
from zhunsheng.intake.grid import Grid
from zhunsheng.intake.reading import blocks_of

Row = Sequence[str]
HEAD = ("一级指标", "二级指标", "三级指标", "符号", "指标值", "单位", "分值")
WIDTHS = (14, 17, 34, 8, 11, 9, 8)
ROWS: tuple[Row, ...] = (
    ("产出指标", "数量指标", "培训基层农技人员人次", "≥", "1200", "人次", "10"),
    ("产出指标", "数量指标", "新建高标准农田灌溉渠道并完成竣工验收的长度", "≥", "48.6", "公里", "10"),
    ("产出指标", "数量指标", "发放种植技术手册", "＝", "3500", "册", "5"),
    ("产出指标", "质量指标", "工程质量验收一次性合格率", "≥", "95", "%", "10"),
    ("产出指标", "质量指标", "补助对象信息公示准确率", "＝", "100", "%", "5"),
    ("产出指标", "时效指标", "资金在收到申请之日起规定工作日内拨付到位的及时率", "≥", "98", "%", "10"),
    ("产出指标", "成本指标", "每公里渠道建设成本", "≤", "12.5", "万元", "10"),
    ("效益指标", "经济效益指标", "项目区农户人均年增收", "≥", "860", "元", "10"),
    ("效益指标", "社会效益指标", "受益农户数", "≥", "2300", "户", "10"),
    ("效益指标", "生态效益指标", "节约灌溉用水量", "≥", "35", "万立方米", "5"),
    ("效益指标", "可持续影响指标", "工程管护制度健全并落实到具体责任人的比例", "≥", "90", "%", "5"),
    ("满意度指标", "服务对象满意度指标", "受益农户对项目实施情况的满意度", "≥", "92", "%", "10"),
)
LONG: tuple[Row, ...] = tuple(
    (row[0], row[1], f"{row[2]}（第{n}批）", *row[3:]) for n in range(1, 6) for row in ROWS
)
GOAL = (
    "目标1：完成高标准农田灌溉渠道建设四十八公里，改善项目区农业生产条件，提高水资源利用效率。"
    "目标2：培训基层农技人员，普及节水灌溉技术，带动农户增收。"
)
FORM = (
    (("项目名称", 2), ("灌溉渠道建设资金", 1), ("主管部门", 2), ("农业农村局", 2)),
    (("项目资金（万元）", 2), ("年度资金总额", 1), ("486.50", 4)),
    (("总体目标", 1), (GOAL, 6)),
)
LINE = "0.5pt"
# typst: name -> stroke and fill of the cells, and what else differs.
TYPST: dict[str, tuple[str, dict[str, object]]] = {
    "ruled": (f"stroke: {LINE}", {}),
    "merged": (f"stroke: {LINE}", {"merged": True}),
    "unruled": ("stroke: none", {}),
    "unruled-merged": ("stroke: none", {"merged": True}),
    "unruled-left": ("stroke: none", {"align": "left + top"}),
    "horizontal": ("stroke: (x, y) => (top: 0.5pt, bottom: 0.5pt)", {}),
    "cline": ("stroke: (x, y) => (top: 0.5pt, bottom: 0.5pt)", {"merged": True}),
    "threeline": (
        "stroke: (x, y) => if y == 0 {(top: 1pt, bottom: 0.5pt)} else if y == 12 {(bottom: 1pt)}",
        {},
    ),
    "striped": ("stroke: none, fill: (x, y) => if calc.odd(y) {luma(230)}", {}),
    "striped-all": (
        'stroke: 0.5pt + white, fill: (x, y) => if calc.odd(y) {rgb("cfd5ea")} else {rgb("e9ebf5")}',
        {},
    ),
    "dashed": ('stroke: (paint: black, thickness: 0.5pt, dash: "dashed")', {"merged": True}),
    "double": (f"stroke: {LINE}, gutter: 1.5pt", {}),
    "open-sides": (
        "stroke: (x, y) => (top: 0.5pt, bottom: 0.5pt, left: if x > 0 {0.5pt})",
        {"merged": True},
    ),
    "vertical-only": (
        "stroke: (x, y) => (left: 0.5pt, right: 0.5pt, top: if y < 2 {0.5pt}, bottom: if y == 12 {0.5pt})",
        {},
    ),
    "two-tables": (f"stroke: {LINE}", {"tables": 2}),
    "flipped": (f"stroke: {LINE}", {"merged": True, "page": ", flipped: true"}),
    "long-repeat": (f"stroke: {LINE}", {"rows": LONG, "page": ', header: [某市部门预算], numbering: "1"'}),
    "long-merged": (f"stroke: {LINE}", {"rows": LONG, "merged": True, "page": ', numbering: "— 1 —"'}),
    "long-unruled": ("stroke: none", {"rows": LONG, "page": ', numbering: "1 / 1"'}),
    "form": (f"stroke: {LINE}", {"merged": True, "form": True}),
    "form-unruled": ("stroke: none", {"merged": True, "form": True}),
    "form-horizontal": ("stroke: (x, y) => (top: 0.4pt, bottom: 0.4pt)", {"merged": True, "form": True}),
}
# Chromium: name -> style sheet, and what else differs.
CSS: dict[str, tuple[str, dict[str, object]]] = {
    "ruled": ("td {border: 1px solid}", {}),
    "merged": ("td {border: 1px solid}", {"merged": True}),
    "unruled": ("", {}),
    "hlines": ("td {border-bottom: 1px solid #999}", {}),
    "striped": ("tr:nth-child(even) {background: #eee}", {}),
    "dashed": ("td {border: 1px dashed}", {"merged": True}),
    "dotted": ("td {border: 1px dotted}", {"merged": True}),
    "double": ("td {border: 3px double}", {"merged": True}),
    "separate": ("table {border-collapse: separate; border-spacing: 2px} td {border: 1px solid}", {}),
    "long": ("td {border: 1px solid}", {"rows": LONG, "merged": True}),
    "long-broken": ("td {border: 1px solid; padding: 9px 4px}", {"rows": LONG}),
    "landscape": ("td {border: 1px solid} @page {size: A4 landscape}", {"merged": True}),
    "form": ("td {border: 1px solid}", {"merged": True, "form": True}),
    "form-unruled": ("", {"merged": True, "form": True}),
    "form-hlines": ("td {border-bottom: 1px solid}", {"merged": True, "form": True}),
    "form-frame": ("body {border: 2px solid} td {border: 1px solid}", {"merged": True, "form": True}),
    "form-small": ("td {border: 1px solid; font-size: 7pt; padding: 1px}", {"merged": True, "form": True}),
    "form-writing": (
        "td {border: 1px solid} td[rowspan] {writing-mode: vertical-rl}",
        {"merged": True, "form": True},
    ),
}


def spans(rows: Sequence[Row], column: int) -> dict[int, int]:
    """Return how many rows each level covers, by the row where it begins."""
    found: dict[int, int] = {}
    for n, row in enumerate(rows):
        if n and rows[n - 1][: column + 1] == row[: column + 1]:
            found[max(found)] += 1
        else:
            found[n] = 1
    return found


def cells(rows: Sequence[Row], merged: bool) -> list[list[tuple[str, int]]]:
    """Return the cells that each row writes, with the rows that they cover."""
    over = [spans(rows, column) for column in (0, 1)]
    return [
        [
            (text, over[column].get(n, 0) if merged and column < 2 else 1)
            for column, text in enumerate(row)
            if not merged or column > 1 or n in over[column]
        ]
        for n, row in enumerate(rows)
    ]


def by_typst(folder: Path, name: str, look: str, more: dict[str, object]) -> None:
    """Print a layout by typst."""
    import typst

    rows: Sequence[Row] = more.get("rows", ROWS)  # type: ignore[assignment]

    def cell(text: str, down: int = 1, across: int = 1) -> str:
        words = re.sub(r"([#%*\[])", r"\\\1", text)
        return f"table.cell(rowspan: {down}, colspan: {across})[{words}]"

    parts = [cell(text, 1, across) for row in FORM for text, across in row] if more.get("form") else []
    parts += [cell(text) for text in HEAD]
    parts += [cell(text, down) for row in cells(rows, bool(more.get("merged"))) for text, down in row]
    columns = ", ".join(f"{width}fr" for width in WIDTHS)
    align = more.get("align", "center + horizon")
    drawn = f"#table(columns: ({columns}), align: {align}, {look},\n" + ",\n".join(parts) + ")\n"
    page = f'#set page(paper: "a4", margin: 1.8cm{more.get("page", "")})\n'
    page += '#set text(font: "Noto Serif CJK SC", size: 10pt, lang: "zh")\n'
    title = "#align(center)[项目支出绩效目标表]\n\n（2027年度）\n\n"
    source = folder / f"typst-{name}.typ"
    source.write_text(
        page + title + "\n另一项目的绩效目标：\n\n".join([drawn] * int(str(more.get("tables", 1))))
    )
    typst.compile(str(source), output=str(source.with_suffix(".pdf")))


def by_chromium(folder: Path, name: str, css: str, more: dict[str, object]) -> None:
    """Print a layout by Chromium."""
    rows: Sequence[Row] = more.get("rows", ROWS)  # type: ignore[assignment]
    form = FORM if more.get("form") else ()
    lines = ["".join(f"<td colspan={across}>{text}</td>" for text, across in row) for row in form]
    lines += ["".join(f"<td style='width:{w}%'>{text}</td>" for text, w in zip(HEAD, WIDTHS, strict=True))]
    lines += [
        "".join(f"<td rowspan={down}>{html.escape(text)}</td>" for text, down in row).replace(
            " rowspan=1", ""
        )
        for row in cells(rows, bool(more.get("merged")))
    ]
    style = "@page {size: A4; margin: 18mm} body {font: 10pt 'Noto Serif CJK SC'} td {padding: 4px}"
    style += "table {width: 100%; border-collapse: collapse; text-align: center}"
    table = "<table><tr>" + "<tr>".join(lines) + "</table>"
    source = folder / f"chromium-{name}.html"
    source.write_text(
        f"<meta charset=utf8><style>{style} {css}</style><p>项目支出绩效目标表{table}<p>填报说明：从实填写。"
    )
    command = [browser() or "", "--headless", "--no-sandbox", "--no-pdf-header-footer"]
    made = f"--print-to-pdf={source.with_suffix('.pdf')}"
    subprocess.run([*command, made, str(source.resolve())], capture_output=True, timeout=120, check=True)


def browser() -> str | None:
    """Return Chromium's program, None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-headless-shell")


def in_word(folder: Path, name: str, style: str, rows: Sequence[Row], merged: bool) -> Path:
    """Write a layout as a Word document."""
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "某市农业农村局二〇二七年部门预算"
    document.add_paragraph("项目支出绩效目标表")
    table = document.add_table(rows=1 + len(rows), cols=len(HEAD), style=style)
    grid = [row.cells for row in table.rows]
    for column, text in enumerate(HEAD):
        grid[0][column].text = text
    over = [spans(rows, column) for column in (0, 1)]
    for n, row in enumerate(rows):
        for column, text in enumerate(row):
            if merged and column < 2:
                if down := over[column].get(n):
                    grid[n + 1][column].merge(grid[n + down][column]).text = text
            else:
                grid[n + 1][column].text = text
    document.save(str(folder / f"word-{name}.docx"))
    return folder / f"word-{name}.docx"


def in_excel(folder: Path, name: str, border: int, rows: Sequence[Row], merged: bool) -> Path:
    """Write a layout as a workbook."""
    path = folder / f"excel-{name}.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("绩效目标")
        look = book.add_format({"border": border, "text_wrap": True, "align": "center", "valign": "vcenter"})
        sheet.set_footer("第 &P 页，共 &N 页")
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        for column, text in enumerate(HEAD):
            sheet.set_column(column, column, WIDTHS[column] * 0.7)
            sheet.write(0, column, text, look)
        over = [spans(rows, column) for column in (0, 1)]
        for n, row in enumerate(rows, start=1):
            sheet.set_row(n, 15 * -(-len(row[2]) // 11))
            for column, text in enumerate(row):
                down = over[column].get(n - 1, 0) if merged and column < 2 else 1
                if down > 1:
                    sheet.merge_range(n, column, n + down - 1, column, text, look)
                elif down:
                    sheet.write(n, column, text, look)
    return path


def by_office(folder: Path) -> None:
    """Print layouts by LibreOffice."""
    files = [
        in_word(folder, "ruled", "Table Grid", ROWS, False),
        in_word(folder, "merged", "Table Grid", ROWS, True),
        in_word(folder, "plain", "Normal Table", ROWS, False),
        in_word(folder, "light", "Light List", ROWS, False),
        in_word(folder, "shading", "Light Shading", ROWS, False),
        in_word(folder, "long-merged", "Table Grid", LONG, True),
        in_excel(folder, "ruled", 1, ROWS, False),
        in_excel(folder, "merged", 1, ROWS, True),
        in_excel(folder, "none", 0, ROWS, False),
        in_excel(folder, "dashed", 3, ROWS, True),
        in_excel(folder, "dotted", 4, ROWS, False),
        in_excel(folder, "double", 6, ROWS, True),
        in_excel(folder, "long", 1, LONG, True),
    ]
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{folder.resolve()}/profile"]
    command += ["--convert-to", "pdf", "--outdir", str(folder), *map(str, files)]
    subprocess.run(command, capture_output=True, timeout=300, check=True)


def turned(folder: Path, source: str, quarters: int, shown: int) -> None:
    """Write a printed file with its text turned counter-clockwise, and its pages turned clockwise when
    shown.
    """
    document = pypdfium2.PdfDocument(folder / f"{source}.pdf")
    for page in document:
        width, height = page.get_size()
        matrix = {1: (0, 1, -1, 0, height, 0), 2: (-1, 0, 0, -1, width, height), 3: (0, -1, 1, 0, 0, width)}
        if quarters:
            everything = raw.FS_RECTF(-9000, 9000, 9000, -9000)
            raw.FPDFPage_TransFormWithClip(page, raw.FS_MATRIX(*matrix[quarters]), everything)
        if quarters % 2:
            page.set_mediabox(0, 0, height, width)
            page.set_cropbox(0, 0, height, width)
        page.set_rotation(90 * shown)
    document.save(str(folder / f"turned-{quarters}{shown}-{source}.pdf"))


def printed(folder: Path) -> None:
    """Print all layouts for which a program is installed."""
    makers: tuple[tuple[object, Callable[..., None], dict[str, tuple[str, dict[str, object]]]], ...] = (
        (find_spec("typst"), by_typst, TYPST),
        (browser(), by_chromium, CSS),
    )
    for there, make, layouts in makers:
        for name, (look, more) in layouts.items():
            if there:
                make(folder, name, look, more)
    if shutil.which("soffice"):
        by_office(folder)
    for source in ("typst-merged", "typst-cline", "typst-unruled-merged", "chromium-dashed", "word-merged"):
        for quarters, shown in ((1, 0), (3, 0), (0, 1), (1, 1), (3, 3), (2, 0)):
            if (folder / f"{source}.pdf").exists():
                turned(folder, source, quarters, shown)


def expected(name: str) -> list[Row]:
    """Return the rows that a layout shows."""
    rows = LONG if "long" in name else ROWS
    return [*rows] * (2 if "two-tables" in name else 1)


def whole(path: Path) -> tuple[int, float]:
    """Return how many of a file's rows are read whole, levels and all, in order, and the seconds it took."""
    start = time.perf_counter()
    grids = [block for block in blocks_of(open_file(path)) if isinstance(block, Grid)]
    seconds = time.perf_counter() - start
    read = [
        [re.sub(r"\s", "", grid.text(row, column)) for column in range(grid.width)]
        for grid in grids
        for row in range(len(grid.rows))
    ]
    count = 0
    for row in expected(path.stem):
        for found in read:
            rest = iter(found)
            if all(text in rest for text in row):
                read.remove(found)
                count += 1
                break
    return count, seconds


def keep(path: Path, folder: Path) -> None:
    """Write what is on a file's pages, for the tests."""
    told = {"rows": expected(path.stem), "pages": contents(path.read_bytes(), path.name)}
    data = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    (folder / f"{path.stem}.json.gz").write_bytes(gzip.compress(data, 9, mtime=0))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--keep", type=Path, help="where to write what is on the pages")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("HOME", str(args.folder))
    if args.keep:
        args.keep.mkdir(parents=True, exist_ok=True)
    printed(args.folder)
    right = rows = 0
    for path in sorted(args.folder.glob("*.pdf")):
        count, seconds = whole(path)
        right, rows = right + count, rows + len(expected(path.stem))
        print(f"{path.stem:36} {count:3}/{len(expected(path.stem)):3} {seconds:5.2f} s")
        if args.keep:
            keep(path, args.keep)
    print(f"{right} of {rows} rows whole")
    return 0


if __name__ == "__main__":
    sys.exit(main())
