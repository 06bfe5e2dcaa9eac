"""What became of a published thing since: adjustments, rulings, changed results, newer publications."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from zhunsheng.clock import day_of
from zhunsheng.targets.comparing import changes
from zhunsheng.web.models import Draw, Publication, SelfEvaluation, SheetVersion, Step
from zhunsheng.web.models.public import SETTLED
from zhunsheng.web.services import disclosing
from zhunsheng.web.services.publishing.contents import results_of, rulings_of
from zhunsheng.web.services.publishing.subjects import returned, same


def newer(publication: Publication) -> Publication | None:
    """Return what is public in the place of one that was overtaken; None for one withdrawn by a person or
    never public.
    """
    if publication.state != "withdrawn" or publication.published_at is None:
        return None
    last = publication.last_step()
    if last is None or last.action != "publish.overtake":
        return None
    found: Publication | None = same(publication).filter(state="published").exclude(pk=publication.pk).first()
    return found


def earlier(publication: Publication) -> list[dict[str, Any]]:
    """Return when the same thing was public before, newest first, and of self-evaluations (sheet,
    total) as text.

    What a person withdrew is not told again.
    """
    before = (
        same(publication).filter(state="withdrawn", published_at__isnull=False).exclude(pk=publication.pk)
    )
    overtaken = Step.objects.filter(
        model="publication", action="publish.overtake", object_id__in=before.values("pk")
    )
    return [
        {
            "published_at": one.published_at,
            "totals": [(s["sheet"], s["total"]) for s in one.data.get("scores", [])],
        }
        for one in before.filter(pk__in=overtaken.values("object_id"))
    ]


def since(publication: Publication) -> dict[str, Any]:
    """Return what became of the published thing since: ``notes`` in words, ``changes`` of targets,
    ``drift`` of figures.

    What is public stays as it was approved; these stand beside it.
    """
    notes: list[str] = []
    changed: list[dict[str, str]] = []
    drift: list[dict[str, str]] = publication.drift
    if publication.kind == "targets":
        version = SheetVersion.objects.select_related("sheet").get(pk=publication.object_id)
        holds = version.sheet.effective
        if holds is not None and holds != version:
            approved = holds.approved_on()
            told = {"n": holds.number, "day": holds.in_force_from or "", "on": approved or ""}
            late = approved is not None and holds.in_force_from is not None and approved > holds.in_force_from
            words = _("目标已调整，第 %(n)s 版于 %(on)s 批复，追溯自 %(day)s 起执行") if late else ""
            notes.append((words or _("目标已调整，第 %(n)s 版自 %(day)s 起执行")) % told)
            pairs = changes(version.target_sheet(), holds.target_sheet())
            changed = [{"what": c.label, "then": c.old, "now": c.new} for c in pairs]
    elif publication.kind == "self":
        evaluation = SelfEvaluation.objects.get(pk=publication.object_id)
        back = returned(publication)
        day = day_of(back.at) if back else ""
        if evaluation.state not in SETTLED:
            # The figures of a draft are not for the public, so nothing is said of how they differ.
            drift = []
            notes.append(
                _("该自评已于 %s 退回，正在重新填报") % day if day else _("该自评已退回，正在重新填报")
            )
        elif back is not None:
            notes.append(_("该自评公开之后曾于 %s 退回，现已重新签字；这里是退回之前公开的数") % day)
        if evaluation.state != "accepted":
            notes.append(_("未经财政局复核"))
        notes += _ruled_since(publication, evaluation)
    elif publication.kind == "results":
        changed = _results_since(publication)
        if changed:
            notes.append(_("公开之后，检查结果又有变动；上面仍是公开时的结果"))
    # What came after the approval was looked over by nobody: only what was decided to be kept is said in it.
    hiding = disclosing.unsaid(disclosing.read(publication.disclosures))
    said: dict[str, Any] = disclosing.over_all({"notes": notes, "changes": changed, "drift": drift}, hiding)
    return said


def _results_since(publication: Publication) -> list[dict[str, str]]:
    """Return which results of a draw were changed or came after they were published."""
    then = {row["id"]: row for row in publication.data["results"]}
    now = {row["id"]: row for row in results_of(Draw.objects.get(pk=publication.object_id))[2]["results"]}
    if "persons" in publication.data:  # of those only counts are told
        words = disclosing.unsaid(disclosing.read(publication.disclosures))
        now = {key: row for key, row in now.items() if words(key) == key}

    def told(row: dict[str, Any] | None) -> str:
        return f"{row['result']}（{row['inspected_on'] or ''}）" if row else _("没有")

    return [
        {"what": key, "then": told(then.get(key)), "now": told(now.get(key))}
        for key in {**then, **now}
        if then.get(key) != now.get(key)
    ]


def _ruled_since(publication: Publication, evaluation: SelfEvaluation) -> list[str]:
    """Return in words what was ruled on contests that were open when the copy was made."""
    now, told = rulings_of(evaluation, "accepted", "refused"), []
    for sheet in publication.data.get("scores", []):
        for line in sheet["indicators"]:
            contest, found = line.get("contest"), now.get((sheet.get("id", ""), line.get("id", "")))
            if not contest or contest.get("accepted") or contest.get("refused") or found is None:
                continue
            if (found.word.actual, found.computed) == (contest["typed"], contest["computed"]):
                said = {"name": line["name"], "ruled": found.get_state_display(), "why": found.ruling}
                told.append(_("“%(name)s”公开之后裁定：%(ruled)s，裁定理由：%(why)s") % said)
    return told
