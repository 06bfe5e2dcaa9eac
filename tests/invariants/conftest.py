"""A store of the small office, built once and copied for each test."""

from __future__ import annotations

import shutil

import pytest

from small_office import BUDGET, COMPLAINT, PAID, STEP, complaints, put


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    """A store with complaints of the department, and money of phase one of a project only."""
    store = tmp_path_factory.mktemp("filled") / "store"
    put(store, "complaints", COMPLAINT, *complaints())
    put(store, "payments", PAID, "V1,治理经费,P1,750000,2021-05-01")
    put(store, "budgets", BUDGET, "治理经费,P1,年初批复,1000000,2021-01-01")
    put(store, "steps", STEP, "治理经费,P1,验收,2021-11-20,")
    return store


@pytest.fixture
def root(filled, tmp_path):
    """A copy of that store, with the files that it was filled from beside it."""
    shutil.copytree(filled.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path / filled.name
