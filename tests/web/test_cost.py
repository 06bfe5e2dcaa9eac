"""What a page may not cost: the overview shows what is kept and opens no engine over the evidence."""

from __future__ import annotations

import pytest

from zhunsheng.web.models import Assessment


def test_the_overview_opens_no_engine(sign_in, department, monkeypatch):
    page = sign_in("caiwu")
    address = f"/d/{department.pk}/2021/"
    kept = Assessment.objects.count()

    def refuse(*_args, **_kwargs):
        pytest.fail("the overview opens an engine")

    monkeypatch.setattr("duckdb.connect", refuse)
    answer = page.get(address)
    assert answer.status_code == 200
    assert answer.context["run"] is not None and Assessment.objects.count() == kept
