"""The ranking as an Excel file."""

from __future__ import annotations

import io

from django.utils.translation import gettext as _

from zhunsheng.files.writing import new_workbook
from zhunsheng.web.models import Organisation
from zhunsheng.web.services import office, papers
from zhunsheng.web.services.portfolio.ranking import ranking, remarks, standing_words
from zhunsheng.web.vocabulary import LEVELS, LIGHTS


def ranking_given(district: Organisation, year: int) -> tuple[bytes, str]:
    """Return the ranking as an Excel file, as it is given out, with its name. Raises ``ZS-WB-80``."""
    content, name = ranking_file(district, year)
    return papers.given(content, name, district, district, year), name


def ranking_file(district: Organisation, year: int) -> tuple[bytes, str]:
    """Return the ranking as an Excel file, without code and manifest, with its name."""
    buffer = io.BytesIO()
    titles = [
        _("名次"),
        _("部门"),
        _("目标表数"),
        _("得分（已得）"),
        _("最高可能得分"),
        _("等级"),
        _("其中人工填报"),
        _("其中定性评定"),
        _("其中口径未确认"),
        _("说明"),
        _("预算执行率"),
        LIGHTS["green"],
        LIGHTS["yellow"],
        LIGHTS["red"],
        LIGHTS["grey"],
        LEVELS["error"],
        LEVELS["warning"],
        LEVELS["note"],
        _("尚未审核（表）"),
        _("上级"),
        _("单位代码"),
    ]
    with new_workbook(buffer, in_memory=True) as book:
        sheet = book.add_worksheet(f"{year}")
        bold = book.add_format({"bold": True, "bg_color": "#EEF2F7", "border": 1, "align": "center"})
        percent = book.add_format({"num_format": "0.00%"})
        for c, title in enumerate(titles):
            sheet.write(0, c, str(title), bold)
        sheet.set_column(1, 1, 36)
        for n, row in enumerate(ranking(district, year), start=1):
            # Only what has a grade is ranked; the others stand below with why they have none.
            sheet.write_row(n, 0, [row["place"] or "", row["department"].name_in(year), row["sheets"]])
            if row["total"] is not None:
                sheet.write_row(n, 3, [float(row["total"]), float(row["most"] or row["total"]), row["grade"]])
                weak = [float(row["weak"].get(k, 0)) for k in ("typed", "judged", "unconfirmed")]
                sheet.write_row(n, 6, weak)
            draft = [_("草稿的审核发现 %s 个") % row["drafts"]] if row["drafts"] else []
            words = [standing_words(row["standing"]), *remarks(row), *draft]
            sheet.write(n, 9, "；".join(w for w in words if w))
            if row["execution"] is not None:
                sheet.write(n, 10, row["execution"], percent)
            sheet.write_row(
                n,
                11,
                [
                    row["lights"].get(c, "" if row["lights"] else "—")
                    for c in ("green", "yellow", "red", "grey")
                ],
            )
            if not row["unreviewed"] and row["sheets"]:
                sheet.write_row(n, 15, [row["findings"].get(c, 0) for c in ("error", "warning", "note")])
            sheet.write(n, 18, row["unreviewed"] if row["sheets"] else "—")
            sheet.write_row(
                n, 19, ["，".join(office.above(row["department"], year)), row["department"].official_code]
            )
        sheet.freeze_panes(1, 2)
    return buffer.getvalue(), f"{district.name_in(year)}{year}年部门绩效汇总.xlsx"
