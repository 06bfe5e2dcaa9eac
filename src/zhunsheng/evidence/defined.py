"""The ledgers and measures that a body defined itself, beside those of the package: kept with its evidence as
versions, of which none is ever changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from zhunsheng import clock
from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import fault, parsed
from zhunsheng.files.writing import write_whole

_P = ParamSpec("_P")
_T = TypeVar("_T")
Kind = Literal["ledger", "measure"]
FOLDER = "own"  # in a store


class Definition(BaseModel):
    """One version of one definition: ``body`` is the ledger or measure as YAML says it, None for one that
    ended; ``before`` the SHA-256 of the version before, as it lies in its file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    id: str
    version: int
    at: str
    who: str
    why: str
    before: str = ""
    body: str | None


@dataclass
class _Use:
    """Where the definitions lie that this process reads, None where it reads those of the package alone."""

    folder: Path | None = None


_use = _Use()


def use(store: Path | None) -> None:
    """Read from now on what was defined in a store, beside what the package defines."""
    _use.folder = store / FOLDER if store else None


def stamp() -> tuple[str, int]:
    """Return what changes where a definition is added: all that is made of definitions is made anew then."""
    if _use.folder is None:
        return "", 0
    try:
        return str(_use.folder), _use.folder.stat().st_mtime_ns
    except OSError:
        return "", 0


def cached(made: Callable[_P, _T]) -> Callable[_P, _T]:
    """Keep what a function of no or hashable arguments makes, until a definition is added."""

    @lru_cache(maxsize=64)
    def kept(_stamp: tuple[str, int], *args: Any, **kwargs: Any) -> _T:
        return made(*args, **kwargs)

    @wraps(made)
    def found(*args: Any, **kwargs: Any) -> _T:
        return kept(stamp(), *args, **kwargs)

    return found


def versions(store: Path, kind: Kind, name: str) -> list[Definition]:
    """Return the versions of a definition, the first one first. Raises ``ZS-RG-01`` for a broken file."""
    found: list[Definition] = []
    while (path := _path(store / FOLDER, kind, name, len(found) + 1)).is_file():
        found.append(_read(path))
    return found


def current(kind: Kind) -> list[Definition]:
    """Return the newest version of each definition in use, by id. Raises ``ZS-RG-01`` for a broken file."""
    folder = _use.folder
    if folder is None or not folder.is_dir():
        return []
    newest: dict[str, int] = {}
    for path in folder.glob(f"{kind}.*.yaml"):
        _, name, number, _ = path.name.split(".")
        newest[name] = max(newest.get(name, 0), int(number))
    found = [_read(_path(folder, kind, name, number)) for name, number in sorted(newest.items())]
    return [one for one in found if one.body is not None]


def keep(store: Path, kind: Kind, name: str, body: str | None, *, who: str, why: str) -> Definition:
    """Keep a new version of a definition. Who calls it holds the store's lock, so that no two are one."""
    earlier = versions(store, kind, name)
    before = ""
    if earlier:
        before = hashlib.sha256(_path(store / FOLDER, kind, name, len(earlier)).read_bytes()).hexdigest()
    made = Definition(
        kind=kind,
        id=name,
        version=len(earlier) + 1,
        at=clock.now().isoformat(timespec="seconds"),
        who=who,
        why=why,
        before=before,
        body=body,
    )
    text = yaml.safe_dump(made.model_dump(), allow_unicode=True, sort_keys=False, width=1000)
    write_whole(_path(store / FOLDER, kind, name, made.version), text.encode())
    return made


def _path(folder: Path, kind: Kind, name: str, version: int) -> Path:
    return folder / f"{kind}.{name}.{version}.yaml"


def _read(path: Path) -> Definition:
    try:
        return Definition.model_validate(parsed(path.read_text("utf8")))
    except UnicodeDecodeError as error:
        raise ZhunshengError("ZS-RG-01", name=path.name, detail=str(error)) from None
    except (yaml.YAMLError, ValidationError) as error:
        raise ZhunshengError("ZS-RG-01", name=path.name, detail=fault(error)) from None
