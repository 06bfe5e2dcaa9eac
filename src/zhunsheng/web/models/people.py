"""Organisations, users, the roles they hold where, and tokens of the API."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from encrypted_fields.fields import EncryptedCharField

from zhunsheng.web.models.audited import Audited, AuditedQuerySet


class Organisation(Audited):
    """A city, district, department or section; ``path`` lists the ids from the root, so that one test finds all below."""

    class Kind(models.TextChoices):
        CITY = "city", _("市")
        DISTRICT = "district", _("区县")
        DEPARTMENT = "department", _("部门")
        SECTION = "section", _("科室")

    name = models.CharField(_("名称"), max_length=120)
    kind = models.CharField(_("类别"), max_length=12, choices=Kind.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("上级")
    )
    code = models.CharField(_("代码"), max_length=40, blank=True)
    path = models.CharField(max_length=200, default="/", editable=False, db_index=True)
    active = models.BooleanField(_("在用"), default=True)

    class Meta:
        ordering = ["path"]
        constraints = [models.UniqueConstraint(fields=["parent", "name"], name="one_name_under_a_parent")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the path in step with the parent."""
        super().save(*args, **kwargs)
        path = f"{self.parent.path if self.parent else '/'}{self.pk}/"
        if path != self.path:
            self.path = path
            super().save(update_fields=["path"])

    def covers(self, other: Organisation) -> bool:
        """Return whether ``other`` is this organisation or lies below it."""
        return other.path.startswith(self.path)

    @property
    def line(self) -> list[int]:
        """The ids from the root down to this organisation: whatever is set for one of them holds here."""
        return [int(part) for part in self.path.strip("/").split("/") if part]

    @property
    def department(self) -> Organisation | None:
        """The department this is, or that it is a section of."""
        if self.kind == self.Kind.SECTION:
            return self.parent
        return self if self.kind == self.Kind.DEPARTMENT else None


class Users(UserManager["User"]):
    """Users, guarded as all audited records are."""

    use_in_migrations = False

    def get_queryset(self) -> models.QuerySet[User]:
        """Return the guarded query."""
        return AuditedQuerySet(self.model, using=self._db)


class User(Audited, AbstractUser):
    """A person who signs in; ``phone`` is encrypted at rest."""

    display = models.CharField(_("姓名"), max_length=60, blank=True)
    phone = EncryptedCharField(_("联系电话"), max_length=40, blank=True, null=True)
    must_change = models.BooleanField(_("下次登录须改密码"), default=False)

    hidden = ("password", "phone")
    unwatched = ("last_login",)

    objects = Users()

    def __str__(self) -> str:
        return self.display or self.username


class Role(models.TextChoices):
    """What a person is to an organisation."""

    STAFF = "staff", _("科室人员")
    FINANCE = "finance", _("财务科")
    HEAD = "head", _("部门负责人")
    BUREAU = "bureau", _("财政局")
    EVALUATOR = "evaluator", _("评价专家")
    AUDITOR = "auditor", _("审计")
    ADMIN = "admin", _("系统管理员")


class Membership(Audited):
    """A role held at an organisation and, for all but section staff, below it; ended, never deleted."""

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="memberships")
    role = models.CharField(_("角色"), max_length=12, choices=Role.choices)
    active = models.BooleanField(_("有效"), default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "organisation", "role"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.user}·{self.organisation}·{self.get_role_display()}"


class ApiToken(Audited):
    """A token for programs; only its digest is kept. ``scopes`` are names like ``ledgers:write``."""

    user = models.ForeignKey(User, models.PROTECT, related_name="tokens")
    name = models.CharField(_("用途"), max_length=60)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField()
    revoked = models.BooleanField(default=False)
    last_used_at = models.DateTimeField(null=True)

    unwatched = ("last_used_at",)

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def digest_of(secret: str) -> str:
        """Return the digest under which a token is kept."""
        return hashlib.sha256(secret.encode()).hexdigest()

    @classmethod
    def issue(cls, user: User, name: str, scopes: list[str], days: int) -> tuple[ApiToken, str]:
        """Make a token valid for ``days`` days; return it and its secret, which is shown once."""
        secret = f"zs_{secrets.token_urlsafe(32)}"
        expires = timezone.now() + timedelta(days=days)
        return cls.objects.create(
            user=user, name=name, digest=cls.digest_of(secret), scopes=scopes, expires_at=expires
        ), secret

    @property
    def valid(self) -> bool:
        """Whether the token may be used now."""
        return not self.revoked and self.expires_at > timezone.now() and self.user.is_active
