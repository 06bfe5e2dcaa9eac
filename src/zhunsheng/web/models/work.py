"""What all jobs share: files taken in, decisions on a record, and work in the background."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from zhunsheng.errors import ZhunshengError
from zhunsheng.evidence import Cipher
from zhunsheng.files.scratch import scratch_folder
from zhunsheng.files.writing import named_after, safe_name, write_whole
from zhunsheng.web.models.audited import Audited
from zhunsheng.web.models.people import Organisation, User


def cipher() -> Cipher:
    """Return the cipher for personal data, under the site's key."""
    return Cipher(settings.PERSONAL_KEY)


class Upload(Audited):
    """A file taken in: stored encrypted under the data folder, by its digest, never under the web root."""

    department = models.ForeignKey(Organisation, models.PROTECT, null=True)
    purpose = models.CharField(max_length=20)
    name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(User, models.PROTECT, null=True)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def keep(
        cls, content: bytes, name: str, purpose: str, department: Organisation | None, by: User | None
    ) -> Upload:
        """Store the bytes and return their record. Raises ``ZS-IN-31`` for a name too long,
        ``ZS-CL-10`` for a full disk.
        """
        digest = hashlib.sha256(content).hexdigest()
        target = settings.DATA / "uploads" / digest[:2] / digest
        safe = safe_name(name)
        if not target.exists():
            write_whole(target, cipher().sealed(content))
        return cls.objects.create(
            department=department, purpose=purpose, name=safe, size=len(content), sha256=digest, by=by
        )

    def content(self) -> bytes:
        """Return the plain bytes."""
        return cipher().opened((settings.DATA / "uploads" / self.sha256[:2] / self.sha256).read_bytes())

    @contextmanager
    def opened(self) -> Iterator[Path]:
        """Give the file under its own name in a folder that is gone afterwards."""
        with scratch_folder() as folder:
            path = Path(folder) / named_after(self.name, "")  # records of earlier versions have longer names
            path.write_bytes(self.content())
            yield path


class Step(Audited):
    """One decision on a record: who did what when, from which state to which, with what remark.
    Never changed.
    """

    model = models.CharField(max_length=40)
    object_id = models.PositiveBigIntegerField()
    action = models.CharField(max_length=40)
    before = models.CharField(max_length=20)
    after = models.CharField(max_length=20)
    remark = models.TextField(blank=True)
    seen = models.CharField(max_length=120, null=True)  # None: a step from before they carried it
    # The digest of the text as the step left it (``Decided.bound_digest``): what an approval is of.
    text = models.CharField(max_length=32, null=True)  # None: a step from before they kept it
    department: Organisation | None = None  # whose record it is, for the log; not kept
    by = models.ForeignKey(User, models.PROTECT)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["model", "object_id"])]

    def __str__(self) -> str:
        return f"{self.action} {self.before}→{self.after}"


# What work can come to, as the job's page and the API's reader are told.
OUTCOMES = {
    "imported": _("已全部导入"),
    "partly": _("部分导入"),
    "unchanged": _("先前已导入，没有变化"),
    "refused": _("没有导入"),
    "failed": _("未成功"),
    "done": _("已完成"),
}


class Job(models.Model):
    """Work in the background. ``key`` names what is done, so that it is done once;
    ``result`` is what it came to.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("排队中")
        RUNNING = "running", _("进行中")
        DONE = "done", _("已完成")
        FAILED = "failed", _("未成功")

    kind = models.CharField(max_length=30)
    key = models.CharField(max_length=200, unique=True)
    args = models.JSONField(default=dict)
    department = models.ForeignKey(Organisation, models.PROTECT, null=True)
    by = models.ForeignKey(User, models.PROTECT, null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED, db_index=True)
    what = models.CharField(max_length=200, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # By the database's clock, which all machines share: one whose clock is wrong loses or doubles no work.
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    touched_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def percent(self) -> int:
        """How far the work is, 0 to 100."""
        if self.state == self.State.DONE:
            return 100
        return min(99, 100 * self.done // self.total) if self.total else 0

    @property
    def outcome(self) -> str | None:
        """What the work came to, one of ``OUTCOMES``; None while it goes on."""
        if not self.ended:
            return None
        if self.state == self.State.FAILED:
            return "failed"
        if self.kind in ("archive", "documents"):
            return (
                ("partly" if self.result.get("sheets") else "refused")
                if self.result.get("failed")
                else "imported"
            )
        if self.kind != "import":
            return "done"
        if not self.result.get("batch"):
            return "refused"
        if not self.result.get("new", True):
            return "unchanged"
        return "partly" if self.result.get("bad_rows") else "imported"

    @property
    def counts(self) -> dict[str, int] | None:
        """How many rows a ledger file had, how many were good and bad, and what the good ones did;
        None for other work.
        """
        if self.kind != "import" or not self.ended or "rows" not in self.result:
            return None
        batch = (self.result.get("batch") or {}) if self.result.get("new") else {}
        rows, bad = self.result["rows"], self.result["bad_rows"]
        inserted, updated = batch.get("inserted", 0), batch.get("updated", 0)
        return {"rows": rows, "good": rows - bad, "bad": bad, "inserted": inserted, "updated": updated}

    @property
    def problem(self) -> str | None:
        """Why nothing came of the work, for a person; None where something did."""
        if self.error:
            return self.error
        if self.kind == "import" and self.outcome == "refused":
            name = self.result.get("file", "")
            if waits := self.result.get("questions"):
                return ZhunshengError("ZS-EV-47", name=name, count=len(waits)).web
            rows, bad = self.result["rows"], self.result["bad_rows"]
            return ZhunshengError("ZS-IN-20", name=name, rows=rows, bad=bad).web
        return None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in (self.State.DONE, self.State.FAILED)

    def folder(self) -> Path:
        """Return the folder for the files this job makes."""
        path: Path = settings.DATA / "jobs" / str(self.pk)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def as_json(self) -> dict[str, object]:
        """Return the state as plain data."""
        return {
            "id": self.pk,
            "kind": self.kind,
            "state": self.state,
            "outcome": self.outcome,
            "what": self.what,
            "percent": self.percent,
            "error": self.problem,
            "counts": self.counts,
            "result": self.result,
        }
