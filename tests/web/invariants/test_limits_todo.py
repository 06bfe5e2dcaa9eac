"""What can't be placed in time stands among what is to be done."""

from __future__ import annotations

from datetime import date

from small_department import YEAR, project

from zhunsheng.web.services import todo


def test_rows_whose_days_contradict_each_other_are_to_be_checked(found, user, put):
    place = found(project())
    # Accepted on 11 June and closed on 10 June: one of both is wrong.
    head = "登记编号,类别,收到日期,受理日期,办结日期"
    put(place, "odd", head, "T900,投诉,2021-06-01,2021-06-11,2021-06-10")
    (told,) = (t for t in todo.of(user("keyuan"), place, YEAR, date(2021, 10, 31)) if "日期存疑" in t["what"])
    assert told["what"].endswith("1 件日期存疑，请核对台账") and "state=doubtful" in told["url"]
