"""What templates load: words and marks that they share, each kind in a file of its own."""

from zhunsheng.web.templatetags import amounts, audit_words, marks, told
from zhunsheng.web.templatetags.library import register

__all__ = ["amounts", "audit_words", "marks", "register", "told"]
