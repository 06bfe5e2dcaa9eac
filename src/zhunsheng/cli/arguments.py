"""Read what several commands take as text."""

from __future__ import annotations

from datetime import date

from zhunsheng.errors import ZhunshengError


def day(text: str | None) -> date:
    """Return a date written as ISO, today without one. Raises ``ZS-CL-01``."""
    if text is None:
        return date.today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ZhunshengError("ZS-CL-01", detail=f"“{text}”不是日期，应写成 2021-10-31") from None
