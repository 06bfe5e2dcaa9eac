"""The site of the web tests, loaded once for both: these tests share their fixtures and their worker."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

_WEB = Path(__file__).parents[1] / "web"
if str(_WEB) not in sys.path:
    sys.path.insert(0, str(_WEB))
_found = importlib.util.spec_from_file_location("web_fixtures", _WEB / "conftest.py")
_fixtures = importlib.util.module_from_spec(_found)
_found.loader.exec_module(_fixtures)
django_db_setup, sign_in, department, user = (
    getattr(_fixtures, name) for name in ("django_db_setup", "sign_in", "department", "user")
)


@pytest.fixture(scope="module")
def spare(tmp_path_factory, django_db_setup):
    """A copy of the site's folder: no rollback reaches the evidence that a form takes back."""
    from django.conf import settings

    return shutil.copytree(settings.DATA, tmp_path_factory.mktemp("nonsense") / "data")


@pytest.fixture(autouse=True)
def own_folder(spare, settings):
    """Let nonsense loose on the copy."""
    settings.DATA = spare


@pytest.hookimpl(tryfirst=True)  # before groups are read
def pytest_collection_modifyitems(items):
    """Run beside the web tests, on their worker and its loaded district; the tracer rests over thousands of
    requests.
    """
    for item in items:
        if "tests/nonsense/" in str(item.path):
            item.add_marker(pytest.mark.xdist_group("web"))
            item.add_marker(pytest.mark.django_db)
            item.add_marker(pytest.mark.no_cover)
