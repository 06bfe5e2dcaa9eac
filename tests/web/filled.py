"""What tests type into forms and upload."""

from __future__ import annotations

from datetime import date

from django.core.files.uploadedfile import SimpleUploadedFile

from zhunsheng.sample.documents import bureau, flattened

HEAD = "活动编号,活动类别,主题类别,活动名称,开展日期"


def activities(*rows, head=HEAD, name="活动台账.csv"):
    return SimpleUploadedFile(name, "\n".join([head, *rows]).encode(), "text/csv")


ON = date(2022, 7, 1)
BEACON_PLAN = {
    "code": "SJ-2021-10",
    "title": "第十次抽查",
    "rule": "国发〔2019〕5号",
    "items": ["A01"],
    "frame_on": "2021-02-25",
    "per_object": "2",
    "reserve": "10",
    "ratio_A": "1",
    "floor_A": "1",
    "ratio_B": "2.5",
    "ratio_C": "5",
    "ratio_D": "10",
    "speakers": "代表甲、代表乙",
}
SAID = {
    "title": "第三次双随机抽查",
    "rule": "国市监信〔2019〕38号",
    "items": ["A01"],
    "frame_on": "2021-02-25",
    **{f"ratio_{c}": "5" for c in "ABCD"},
    **{f"floor_{c}": "1" for c in "ABCD"},
    "reserve": "0",
    "per_object": "2",
    "lottery_name": "双色球",
    "lottery_issue": "2021099",
}


def document(year=2023, **changes):
    data = {**bureau(), "year": year, **changes}
    text = flattened(data).replace("2021年", f"{year}年")
    return SimpleUploadedFile("目标.txt", text.encode(), "text/plain")
