"""The one place where texts of the core meet the language of a page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import get_language

from zhunsheng.errors import ZhunshengError
from zhunsheng.recall import recalled
from zhunsheng.translation import CHINESE, Worded, translated


def tell_remark(text: str) -> str:
    """Return what a step or version says of itself: told where the program said it, a person's as it is."""
    return recalled(str(text), get_language() or CHINESE, 5)


def tell_list(texts: Iterable[Any], between: str = "；") -> str:
    """Return several texts as one, each as ``tell`` says it, with the language's sign between them."""
    return translated(between, get_language() or CHINESE).join(map(tell, texts))


def tell(text: Any) -> str:
    """Return an error, or a text of the core, in the language of the page; others stay as they are.

    A plain text is one that a record keeps in Chinese, or no text of the program.
    """
    language = get_language() or CHINESE
    if isinstance(text, ZhunshengError):
        return text.text("web", language)
    return text.told(language) if isinstance(text, Worded) else recalled(str(text), language)
