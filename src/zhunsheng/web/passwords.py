"""How passwords are kept, and one rule beside Django's: letters, digits and signs must be mixed."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.password_validation import MinimumLengthValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


class Argon2(Argon2PasswordHasher):
    """Argon2id with 46 MiB, one pass, one lane: a strength that OWASP recommends,
    at a cost that a morning's sign-ins allow.
    """

    memory_cost = 47104
    time_cost = 1
    parallelism = 1


class LongEnough(MinimumLengthValidator):
    """Django's rule of a least length, said in the reader's language."""

    def validate(self, password: str, user: object = None) -> None:
        """Raise ``ValidationError`` for a password that is too short."""
        if len(password) < self.min_length:
            raise ValidationError(self.get_help_text(), code="password_too_short")

    def get_help_text(self) -> str:
        """Return the rule in words."""
        return _("密码至少 %s 个字符。") % self.min_length


class MixedCharacters:
    """Ask for at least three of: lower case, upper case, digits, other characters."""

    def validate(self, password: str, user: object = None) -> None:
        """Raise ``ValidationError`` for a password of fewer than three kinds of characters."""
        kinds: list[Callable[[str], bool]] = [
            str.islower,
            str.isupper,
            str.isdigit,
            lambda c: not str.isalnum(c),
        ]
        if sum(any(kind(c) for c in password) for kind in kinds) < 3:
            raise ValidationError(self.get_help_text(), code="password_not_mixed")

    def get_help_text(self) -> str:
        """Return the rule in words."""
        return _("密码至少应含小写字母、大写字母、数字、符号中的三种。")
