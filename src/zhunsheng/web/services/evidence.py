"""The site's evidence store, opened, and the engine that its figures are computed on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

from zhunsheng.evidence import Store
from zhunsheng.evidence.mirror import bound
from zhunsheng.measures import Where
from zhunsheng.usecases.opened_evidence import Evidence
from zhunsheng.web.actor import SYSTEM
from zhunsheng.web.models import Organisation
from zhunsheng.web.models.work import cipher


def store() -> Store:
    """Return the site's evidence store; it is made at the first import, and one kept by names is brought to
    codes.
    """
    opened = Store(folder(), cipher())
    if (opened.root / "batches").is_dir() and not (opened.root / "format.json").is_file():
        opened.migrate(_codes(), who=SYSTEM)
    return opened


def folder() -> Path:
    """Return the folder of the site's evidence store, a mirror where it lies in an object store.
    Raises ``ZS-EV-91``, ``-99``.
    """
    root: Path = settings.DATA / "evidence"
    return bound(root, settings.EVIDENCE) if settings.EVIDENCE else root


def where() -> Where:
    """Return where the site's figures are computed."""
    return Where(settings.ENGINE, settings.ENGINE_URL)


def opened(**asked: Any) -> Evidence:
    """Open the site's evidence store on the engine of the site, as ``Evidence.of`` is asked for it.
    Raises ``ZS-EV-70``, ``-71``.
    """
    return Evidence.of(store(), where=where(), **asked)


def _codes() -> dict[str, str]:
    """Return departments' codes by name; a name that several bear tells nobody's rows, so it is left out."""
    named: dict[str, list[str]] = {}
    for name, code in Organisation.objects.values_list("name", "code"):
        named.setdefault(name, []).append(code)
    return {name: codes[0] for name, codes in named.items() if len(codes) == 1}
