"""Read what several commands take as text."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Store, department_code


def day(text: str | None) -> date:
    """Return a date written as ISO, today without one. Raises ``ZS-CL-01``."""
    if text is None:
        return date.today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ZhunshengError("ZS-CL-01", detail=f"“{text}”不是日期，应写成 2021-10-31") from None


def stated_department(text: str) -> tuple[str, str | None]:
    """Return the code and the name of 代码=名称, or the text and None without the sign. Raises ``ZS-EV-23``."""
    code, sign, name = (part.strip() for part in text.partition("="))
    if not code or (sign and not name):
        raise ZhunshengError("ZS-EV-23", text=text)
    return code, name or None


def department_to_read(store: Path, text: str | None) -> str | None:
    """Return the code of a department given as code, name or 代码=名称. Raises ``ZS-EV-20``, ``-21``, ``-23``.

    A folder that is no store has no departments yet: what was given stands.
    """
    if text is None:
        return None
    code, name = stated_department(text)
    if not (store / "batches").is_dir():
        return code
    opened = Store(store)
    if name is None:
        return opened.resolve(code).code
    if code not in opened.departments():
        raise ZhunshengError("ZS-EV-21", name=text, known="、".join(list(opened.departments())[:8]) or "（无）")
    return code


def department_to_write(store: Path, text: str) -> tuple[str, str]:
    """Return the code and the name that rows are imported for; a name that is new gets a code made from it.

    代码=名称 states both, which tells a namesake or a rename. Raises ``ZS-EV-20``, ``-23``.
    """
    code, name = stated_department(text)
    if name is not None:
        return code, name
    try:
        found = Store(store).resolve(code)
    except ZhunshengError as error:
        if error.code != "ZS-EV-21":
            raise
        return department_code(code), code
    return found.code, found.name
