"""Organisations, users, the roles they hold where, and tokens of the API."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from encrypted_fields.fields import EncryptedCharField

from zhunsheng.web.databases.connections import remembered
from zhunsheng.web.models.audited import Audited, AuditedManager, changed_in_bulk

# The day from which the first stage of an organisation holds when nobody said since when it has existed.
ALWAYS = date(2000, 1, 1)
# No signs that are taken for one another, and no q: what follows "qq" is taken for somebody's account.
_ALPHABET = "23456789abcdefghjkmnprstuvwxyz"


def new_code() -> str:
    """Return a random code of ten characters for an organisation."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(10))


class Organisation(Audited):
    """A city, district, department or section; ``path`` lists the ids from the root,
    so that one test finds all below.

    ``code`` is what it is, for good; it is never shown as its name. Name, kind,
    parent and use are those of today: what they were on another day is told by its stages.
    ``services.office`` alone changes them.
    """

    as_seen = True

    class Kind(models.TextChoices):
        CITY = "city", _("市")
        DISTRICT = "district", _("区县")
        DEPARTMENT = "department", _("部门")
        SECTION = "section", _("科室")

    code = models.CharField(max_length=10, unique=True, editable=False, default=new_code)
    name = models.CharField(_("名称"), max_length=120)
    kind = models.CharField(_("类别"), max_length=12, choices=Kind.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("上级")
    )
    official_code = models.CharField(_("单位代码"), max_length=40, blank=True)
    path = models.CharField(max_length=200, default="/", editable=False, db_index=True)
    active = models.BooleanField(_("在用"), default=True)

    class Meta:
        ordering = ["path"]
        constraints = [
            # Of two organisations under one parent only one may bear a name at a time;
            # a closed one keeps its own.
            models.UniqueConstraint(
                fields=["parent", "name"], condition=models.Q(active=True), name="one_name_under_a_parent"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the path in step with the parent; a new organisation gets its founding stage.

        Raises ``ValueError`` where the code would change.
        """
        made = self.pk is None
        if not made and Organisation.objects.filter(pk=self.pk).exclude(code=self.code).exists():
            raise ValueError("the code of an organisation never changes")
        super().save(*args, **kwargs)
        path = f"{self.parent.path if self.parent else '/'}{self.pk}/"
        if path != self.path:
            self.path = path
            super().save(update_fields=["path"])
        if made:
            self.keep_stage(str(OrganisationStage.Event.FOUNDED), ALWAYS)

    def keep_stage(
        self, event: str, on: date, note: str = "", successors: tuple[Organisation, ...] = ()
    ) -> OrganisationStage:
        """Write down what the organisation is from a day on."""
        return OrganisationStage.objects.create(
            organisation=self,
            from_on=on,
            event=event,
            name=self.name,
            kind=self.kind,
            parent=self.parent,
            active=self.active,
            note=note,
            successors=[s.code for s in successors],
        )

    def stage_on(self, day: date) -> OrganisationStage:
        """Return the stage that holds on a day; before the first one, the first."""
        stages = stages_of(self)
        return [s for s in stages if s.from_on <= day][-1] if stages[0].from_on <= day else stages[0]

    def name_on(self, day: date) -> str:
        """Return the name on a day."""
        return self.stage_on(day).name

    def kind_on(self, day: date) -> str:
        """Return the kind on a day."""
        return self.stage_on(day).kind

    def parent_on(self, day: date) -> Organisation | None:
        """Return the organisation above on a day."""
        return self.stage_on(day).parent

    def name_in(self, year: int) -> str:
        """Return the name at the end of a year, or today's where the year has not ended."""
        return self.name_on(min(date(year, 12, 31), timezone.localdate()))

    def begun_in(self, year: int) -> date | None:
        """Return the day of a year on which it was founded, split off or reopened, the last one; None where
        it was there from the first day on.
        """
        first, *others = stages_of(self)
        again = [s for s in others if s.event == OrganisationStage.Event.REOPENED]
        days = [s.from_on for s in (first, *again)]
        return max((day for day in days if date(year, 1, 1) < day <= date(year, 12, 31)), default=None)

    def covers(self, other: Organisation) -> bool:
        """Return whether ``other`` is this organisation or lies below it."""
        return other.path.startswith(self.path)

    @property
    def line(self) -> list[int]:
        """The ids from the root down to this organisation: whatever is set for one of them holds here."""
        return [int(part) for part in self.path.strip("/").split("/") if part]

    @property
    def kind_word(self) -> str:
        """What it is in words: a department below a department is its unit (单位)."""
        unit = self.kind == self.Kind.DEPARTMENT and self.parent and self.parent.kind == self.kind
        return gettext("单位") if unit else self.get_kind_display()

    @property
    def department(self) -> Organisation | None:
        """The department this is, or that it is a section of."""
        if self.kind == self.Kind.SECTION:
            return self.parent
        return self if self.kind == self.Kind.DEPARTMENT else None


class OrganisationStage(Audited):
    """What an organisation was called, was and belonged to from a day on; ``successors`` are codes of
    organisations.
    """

    class Event(models.TextChoices):
        FOUNDED = "founded", _("设立")
        RENAMED = "renamed", _("更名")
        MOVED = "moved", _("划转")
        MERGED = "merged", _("并入")
        SPLIT = "split", _("拆分")
        CLOSED = "closed", _("撤销")
        REOPENED = "reopened", _("恢复")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="stages")
    from_on = models.DateField(_("自"))
    event = models.CharField(_("事由"), max_length=12, choices=Event.choices)
    name = models.CharField(_("名称"), max_length=120)
    kind = models.CharField(_("类别"), max_length=12, choices=Organisation.Kind.choices)
    parent = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    active = models.BooleanField(_("在用"), default=True)
    note = models.CharField(_("依据"), max_length=300, blank=True)
    successors = models.JSONField(default=list)

    class Meta:
        ordering = ["from_on", "pk"]

    def __str__(self) -> str:
        return f"{self.name} {self.from_on}"

    @property
    def from_unknown(self) -> bool:
        """Whether nobody said from when it holds."""
        return self.from_on == ALWAYS


@remembered
def stages_of(organisation: Organisation) -> Sequence[OrganisationStage]:
    """Return an organisation's stages in their order."""
    # In Python, so that stages fetched for a whole list are used.
    return sorted(organisation.stages.all(), key=lambda s: (s.from_on, s.pk))


class Users(AuditedManager["User"], UserManager["User"]):
    """Users, guarded as all audited records are."""

    use_in_migrations = False


class User(Audited, AbstractUser):
    """A person who signs in; ``phone`` is encrypted at rest."""

    as_seen = True

    display = models.CharField(_("姓名"), max_length=60, blank=True)
    phone = EncryptedCharField(_("联系电话"), max_length=40, blank=True, null=True)
    must_change = models.BooleanField(_("下次登录须改密码"), default=False)
    # From where the account was ended: nobody below takes it into use again.
    ended_at = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", verbose_name=_("停用单位")
    )

    hidden = ("password", "phone")
    unwatched = ("last_login",)

    # Where a program that acts for the person may act at all, by its token; not kept.
    only: Organisation | None = None

    objects: ClassVar[Users] = Users()

    def __str__(self) -> str:
        return self.display or self.username

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; with another password the tokens issued under the former one end, as the sessions do."""
        renewed = self.pk is not None and getattr(self, "_password", None) is not None
        with transaction.atomic():
            super().save(*args, **kwargs)
            if renewed:
                changed_in_bulk(self.tokens.filter(revoked=False), revoked=True)


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

    as_seen = True

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="memberships")
    role = models.CharField(_("角色"), max_length=12, choices=Role.choices)
    active = models.BooleanField(_("有效"), default=True)
    # A group of the directory gave it, and ends it: what an administrator gives, no group does.
    directory = models.BooleanField(_("由目录的组给出"), default=False)
    # From where the role was ended: nobody below gives it again.
    ended_at = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", verbose_name=_("停用单位")
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "organisation", "role"], name="one_membership")
        ]

    def __str__(self) -> str:
        return f"{self.user}·{self.organisation}·{self.get_role_display()}"


class ApiToken(Audited):
    """A token for programs; only its digest is kept. ``scopes`` are names like ``ledgers:write``.

    It reaches ``place`` and what is below it, and never more than its person does;
    one from before there were places reaches what its person does.
    """

    as_seen = True

    user = models.ForeignKey(User, models.PROTECT, related_name="tokens")
    name = models.CharField(_("用途"), max_length=60)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    place = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", verbose_name=_("单位")
    )
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
    def issue(
        cls, user: User, name: str, scopes: list[str], days: int, place: Organisation | None = None
    ) -> tuple[ApiToken, str]:
        """Make a token valid for ``days`` days; return it and its secret, which is shown once."""
        secret = f"zs_{secrets.token_urlsafe(32)}"
        expires = timezone.now() + timedelta(days=days)
        return cls.objects.create(
            user=user, name=name, digest=cls.digest_of(secret), scopes=scopes, expires_at=expires, place=place
        ), secret

    @property
    def valid(self) -> bool:
        """Whether the token may be used now: never while its person must choose a password first."""
        ready = self.user.is_active and not self.user.must_change
        return ready and not self.revoked and self.expires_at > timezone.now()
