"""Read what several commands take as text."""

from __future__ import annotations

from datetime import date

from zhunsheng.clock import today
from zhunsheng.errors import ZhunshengError


def day(text: str | None) -> date:
    """Return a date written as ISO, the office's today without one. Raises ``ZS-CL-01``."""
    if text is None:
        return today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ZhunshengError("ZS-CL-01", detail=f"“{text}”不是日期，应写成 2021-10-31") from None
