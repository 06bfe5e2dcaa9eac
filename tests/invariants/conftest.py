"""A store of the small office, for each test anew."""

from __future__ import annotations

import pytest

from small_office import BUDGET, COMPLAINT, PAID, STEP, complaints, put


@pytest.fixture
def root(tmp_path):
    """A store with complaints of the department, and money of phase one of a project only."""
    store = tmp_path / "store"
    put(store, "complaints", COMPLAINT, *complaints())
    put(store, "payments", PAID, "V1,治理经费,P1,750000,2021-05-01")
    put(store, "budgets", BUDGET, "治理经费,P1,年初批复,1000000,2021-01-01")
    put(store, "steps", STEP, "治理经费,P1,验收,2021-11-20,")
    return store
