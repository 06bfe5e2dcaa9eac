"""The ledgers and measures that a body defined itself, beside those of the package: kept with its evidence as
versions, of which none is ever changed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterator
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
NAMED = re.compile(r"(ledger|measure)\.([a-z][a-z0-9_]{0,39})\.([1-9]\d{0,5})\.yaml")  # a version's file
_ID = re.compile(r"[a-z][a-z0-9_]{1,39}")


class Definition(BaseModel):
    """One version of one definition: ``body`` is the ledger or measure as YAML says it, None for one that
    ended; ``before`` the SHA-256 of the version before, as it lies in its file; ``department`` the code of
    the department that it is for, empty for all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    id: str
    version: int
    at: str
    who: str
    why: str
    before: str = ""
    department: str = ""
    body: str | None

    @property
    def said(self) -> dict[str, Any]:
        """The body as plain data, empty where there is none or it is no YAML of fields."""
        try:
            found = parsed(self.body or "")
        except yaml.YAMLError:
            return {}
        return found if isinstance(found, dict) else {}


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

    @lru_cache(maxsize=256)
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
        found.append(read(path))
    return found


def current(kind: Kind) -> list[Definition]:
    """Return the newest version of each definition in use, by id. Raises ``ZS-RG-01`` for a broken file."""
    if _use.folder is None:
        return []
    newest: dict[str, tuple[int, Path]] = {}
    for path, of, name, number in _files(_use.folder):
        if of == kind:
            newest[name] = max(newest.get(name, (0, path)), (number, path))
    found = [read(path) for _name, (_number, path) in sorted(newest.items())]
    return [one for one in found if one.body is not None]


def ids(store: Path, kind: Kind) -> list[str]:
    """Return the ids of all definitions of a kind that a store has, also of those that ended."""
    return sorted({name for _path, of, name, _number in _files(store / FOLDER) if of == kind})


def _files(folder: Path) -> Iterator[tuple[Path, str, str, int]]:
    """Give each version's file with its kind, id and number; what else lies in the folder is none."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if named := NAMED.fullmatch(path.name):
            yield path, named[1], named[2], int(named[3])


def keep(  # noqa: PLR0913 - options, by their names
    store: Path, kind: Kind, name: str, body: str | None, *, who: str, why: str, department: str = ""
) -> Definition:
    """Keep a new version of a definition. Who calls it holds the store's lock, so that no two are one
    (``Store.define``, which gives it the record by which it is verified).
    """
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
        department=department,
        body=body,
    )
    text = yaml.safe_dump(made.model_dump(), allow_unicode=True, sort_keys=False, width=1000)
    write_whole(_path(store / FOLDER, kind, name, made.version), text.encode())
    return made


def kept(store: Path) -> list[tuple[Path, str]]:
    """Return the files of all versions in the order in which they were made, each with the ledger that it is
    of or (a measure's) measures, empty where that can't be told.
    """
    found = [
        (read(path).at, number, path, about(path)[0]) for path, _kind, _name, number in _files(store / FOLDER)
    ]
    return [(path, ledger) for _at, _version, path, ledger in sorted(found)]


def about(path: Path) -> tuple[str, str]:
    """Return the ledger that the version in a file is of, or its measure measures, and what it is called: of
    one that ended as the version before says.
    """
    one = read(path)
    said = one.said
    if one.body is None and one.version > 1:
        return about(_path(path.parent, one.kind, one.id, one.version - 1))
    ledger = one.id if one.kind == "ledger" else str(said.get("ledger", ""))
    return ledger, str(said.get("title") or said.get("name") or one.id)


def fit(name: str) -> bool:
    """Return whether a text can be an id: part of a file's name, and a name that a query takes."""
    return _ID.fullmatch(name) is not None and name not in reserved()


def refuse_unfit(name: str, why: str) -> None:
    """Refuse what can be no id (``ZS-EV-106``) and a definition without a reason (``ZS-EV-107``)."""
    if not fit(name):
        raise ZhunshengError("ZS-EV-106", name=name)
    if not why.strip():
        raise ZhunshengError("ZS-EV-107")


@lru_cache
def reserved() -> frozenset[str]:
    """Return the words that a query can't take for a name."""
    import duckdb

    query = (
        "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category IN ('reserved', 'type_function')"
    )
    return frozenset(word for (word,) in duckdb.execute(query).fetchall())


def free(store: Path, kind: Kind) -> str:
    """Return an id that no definition of a kind ever had."""
    taken = {int(found[1]) for name in ids(store, kind) if (found := re.fullmatch(r"own(\d+)", name))}
    return f"own{max(taken, default=0) + 1}"


def written(one: BaseModel, *, but: Collection[str] = ()) -> str:
    """Return a ledger or measure as YAML that reads back as the same one, all fields ``but`` these."""
    said = one.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={*but})
    return yaml.safe_dump(said, allow_unicode=True, sort_keys=False, width=1000)


def stem(one: Definition) -> str:
    """Return what a version is called: as its file, without the ending."""
    return f"{one.kind}.{one.id}.{one.version}"


def _path(folder: Path, kind: Kind, name: str, version: int) -> Path:
    return folder / f"{kind}.{name}.{version}.yaml"


def read(path: Path) -> Definition:
    """Return the version in a file, which never changes. Raises ``ZS-RG-01`` for a broken one."""
    return _read_at(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=1024)
def _read_at(path: Path, _changed: int) -> Definition:
    try:
        return Definition.model_validate(parsed(path.read_text("utf8")))
    except UnicodeDecodeError as error:
        raise ZhunshengError("ZS-RG-01", name=path.name, detail=str(error)) from None
    except (yaml.YAMLError, ValidationError) as error:
        raise ZhunshengError("ZS-RG-01", name=path.name, detail=fault(error)) from None
