"""What every form carries: Django's token against forged requests, and with it the key under which it is
acted on once.
"""

from __future__ import annotations

from django import template
from django.template import Context
from django.template.base import Parser, Token
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html

from zhunsheng.web.services.once import FIELD, new_key

register = template.Library()


class FormNode(CsrfTokenNode):
    """``{% csrf_token %}`` of a signed-in person's form, with the form's own key."""

    def render(self, context: Context) -> str:
        """Draw the hidden fields."""
        token, request = super().render(context), context.get("request")
        user = getattr(request, "user", None)
        if not token or user is None or not user.is_authenticated:
            return str(token)
        key = new_key(getattr(request, "position", None))
        return token + format_html('<input type="hidden" name="{}" value="{}">', FIELD, key)


@register.tag
def csrf_token(parser: Parser, token: Token) -> FormNode:
    """Draw what every form carries."""
    return FormNode()
