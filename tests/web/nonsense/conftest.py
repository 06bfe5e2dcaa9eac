"""Nonsense is let loose on a copy of the loaded site's folder."""

from __future__ import annotations

import shutil

import pytest


@pytest.fixture(scope="module")
def spare(tmp_path_factory, django_db_setup):
    """A copy of the site's folder: no rollback reaches the evidence that a form takes back."""
    from django.conf import settings

    return shutil.copytree(settings.DATA, tmp_path_factory.mktemp("nonsense") / "data")


@pytest.fixture(autouse=True)
def own_folder(spare, settings):
    """Let nonsense loose on the copy."""
    settings.DATA = spare
