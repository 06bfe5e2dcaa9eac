"""Read what several commands take as text."""

from __future__ import annotations

from datetime import date

import typer

from zhunsheng.clock import today
from zhunsheng.draws.spec import digest_fault, typed_digest
from zhunsheng.errors import ZhunshengError


def day(text: str | None) -> date:
    """Return a date written as ISO, the office's today without one. Raises ``ZS-CL-01``."""
    if text is None:
        return today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ZhunshengError("ZS-CL-01", detail=f"“{text}”不是日期，应写成 2021-10-31") from None


def announced(text: str | None) -> str | None:
    """Return a commitment's digest as it was announced, None where none was given. Raises ``ZS-CL-01``."""
    if text is None:
        return None
    if why := digest_fault(text):
        raise ZhunshengError("ZS-CL-01", detail=f"--commitment：{why}")
    return typed_digest(text)


def whole_app() -> typer.Typer:
    """Return the program without its commands yet."""
    return typer.Typer(
        help="准绳：读懂绩效目标，用台账证明，按现行规则评分，每个数都能追溯。",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="rich",
    )
