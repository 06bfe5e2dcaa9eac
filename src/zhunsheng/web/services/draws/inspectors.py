"""The registers that plans are made from: items of inspection, inspectors."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext, gettext_lazy

from zhunsheng.draws import lookalikes
from zhunsheng.draws.spec import ID
from zhunsheng.errors import ZhunshengError
from zhunsheng.web.models import InspectionItem, Inspector, Organisation

UNNUMBERED = gettext_lazy("检查人员编号应由字母和数字组成，至多 22 个")


def numbered(number: str) -> bool:
    """Return whether a text can be an inspector's number."""
    return bool(ID.fullmatch(number)) and number.isalnum()


def keep_item(department: Organisation, code: str, name: str, basis: str) -> InspectionItem:
    """Keep an entry of the item list, in use again where it was ended."""
    kept, _made = InspectionItem.objects.update_or_create(
        department=department, code=code, defaults={"name": name, "basis": basis, "active": True}
    )
    return kept


def _numbers(department: Organisation) -> dict[str, str]:
    """Return what the numbers in a register look like -> the number."""
    numbers = Inspector.objects.filter(department=department).values_list("number", flat=True)
    return {lookalikes.of_id(number): number for number in numbers}


def keep_inspector(department: Organisation, said: Mapping[str, str]) -> Inspector:
    """Keep an entry of the register of inspectors.

    Raises ``ZS-WB-06`` for a number that is none, ``ZS-DR-25`` for one that looks like another's.
    """
    number = said.get("number", "").strip()
    if not numbered(number):
        raise ZhunshengError("ZS-WB-06", detail=str(UNNUMBERED))
    other = _numbers(department).get(lookalikes.of_id(number), number)
    if other != number and not Inspector.objects.filter(department=department, number=number).exists():
        raise ZhunshengError(
            "ZS-DR-25", detail=gettext("%(new)s 与已有的 %(old)s") % {"new": number, "old": other}
        )
    if len(said.get("name", "").strip()) > 60:
        raise ZhunshengError(
            "ZS-WB-06", detail=gettext("“%(label)s”超过 %(most)s 字") % {"label": gettext("姓名"), "most": 60}
        )

    def listed(name: str) -> list[str]:
        return [
            p.strip()
            for p in said.get(name, "").replace("，", "、").replace(",", "、").split("、")
            if p.strip()
        ]

    values = {
        "name": said.get("name", "").strip(),
        "certified": said.get("certified", "").strip() in ("是", "on", "1", "true"),
        "districts": listed("districts"),
        "items": listed("items"),
        "recuse": listed("recuse"),
        "active": True,
    }
    kept, _made = Inspector.objects.update_or_create(department=department, number=number, defaults=values)
    return kept


def turn(entry: InspectionItem | Inspector) -> None:
    """End the use of an entry of a register, or begin it again."""
    entry.active = not entry.active
    entry.save()
