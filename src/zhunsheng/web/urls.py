"""All addresses of the site, part by part."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.views import LogoutView
from django.urls import include, path
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language

from zhunsheng.web.api_documents import api
from zhunsheng.web.session import session
from zhunsheng.web.views import (
    account,
    administration,
    decisions,
    draws,
    exchange,
    keyeval,
    layouts,
    ledgers,
    library,
    limits,
    lists,
    matches,
    measures,
    monitoring,
    overview,
    own_ledgers,
    papers,
    portfolio,
    public,
    safeguards,
    selfeval,
    targets,
    transparency,
)

handler400 = account.unreadable
handler403 = account.refused
handler404 = account.not_found
handler500 = account.failed

if settings.OIDC:
    from zhunsheng.web.oidc import SignOut
else:
    SignOut = LogoutView  # type: ignore[misc, assignment]

HERE = "d/<int:department>/<int:year>/"

urlpatterns = [
    path("", overview.home, name="home"),
    path("places", overview.places, name="places"),
    path(HERE, overview.overview, name="overview"),
    path(f"{HERE}lineage/<int:sheet>/<str:line>", overview.lineage, name="lineage"),
    # targets
    path(f"{HERE}targets", targets.targets, name="targets"),
    path("targets/<int:version>", targets.version, name="version"),
    path("targets/<int:version>/trial", targets.trial, name="trial"),
    path("targets/<int:version>/field", targets.field, name="field"),
    path("targets/<int:version>/part", targets.part, name="part"),
    path("targets/<int:version>/doubt", targets.doubt, name="doubt"),
    path("targets/<int:version>/page/<int:number>", targets.page_picture, name="target-page"),
    path("targets/<int:version>/settle", targets.settle, name="settle"),
    path("targets/<int:version>/same", targets.same, name="same"),
    path("targets/<int:version>/adjust", targets.adjust, name="adjust"),
    path("targets/<int:version>/compare/<int:other>", targets.compare, name="compare"),
    path("targets/<int:version>/file/docx", targets.target_file, {"kind": "docx"}, name="target-docx"),
    path("targets/<int:version>/file/xlsx", targets.target_file, {"kind": "xlsx"}, name="target-xlsx"),
    path(
        "targets/<int:version>/file/original",
        targets.target_file,
        {"kind": "original"},
        name="target-original",
    ),
    path(f"{HERE}documents/<int:upload>", layouts.document, name="document"),
    path(f"{HERE}exchange", exchange.exchange, name="exchange"),
    path(f"{HERE}targets/coherence", targets.coherence, name="coherence"),
    path(f"{HERE}targets/layouts", layouts.layouts_page, name="layouts"),
    path(f"{HERE}targets/layouts/file", layouts.layouts_file, name="layouts-file"),
    # ledgers and background work
    path(f"{HERE}ledgers", ledgers.ledgers, name="ledgers"),
    path(f"{HERE}measures", measures.own_measures, name="own-measures"),
    path(f"{HERE}measures/file", measures.own_measures_file, name="own-measures-file"),
    path(f"{HERE}measures/new/<str:ledger>", measures.own_measure_new, name="own-measure-new"),
    path(f"{HERE}measures/<str:measure>", measures.own_measure, name="own-measure"),
    path(f"{HERE}ledgers/undo", ledgers.undo, name="undo"),
    path(f"{HERE}ledgers/batch/<int:batch>/source", ledgers.source, name="source"),
    path(f"{HERE}ledgers/mappings/<int:mapping>", ledgers.mapping, name="mapping"),
    path(f"{HERE}ledgers/diff", ledgers.diff, name="diff"),
    path(f"{HERE}ledgers/new", own_ledgers.new, name="ledger-new"),
    path(f"{HERE}ledgers/define/<int:upload>", own_ledgers.proposal, name="ledger-proposal"),
    path(f"{HERE}ledgers/<str:ledger>", ledgers.ledger, name="ledger"),
    path(f"{HERE}ledgers/<str:ledger>/definition", own_ledgers.definition, name="ledger-definition"),
    path(f"{HERE}ledgers/<str:ledger>/row", own_ledgers.row, name="ledger-row"),
    path(f"{HERE}ledgers/<str:ledger>/remove", ledgers.remove, name="remove"),
    path(f"{HERE}ledgers/<str:ledger>/template", ledgers.template, name="template"),
    path("jobs/<int:job>", ledgers.job, name="job"),
    path("jobs/<int:job>/again", ledgers.job_again, name="job-again"),
    path("jobs/<int:job>/marked", ledgers.job_file, name="job-file"),
    path("jobs/<int:job>/places", portfolio.archive_places, name="job-places"),
    path("jobs/<int:job>/state", ledgers.job_state, name="job-state"),
    # statutory limits
    path(f"{HERE}limits", limits.limits, name="limits"),
    # monitoring
    path(f"{HERE}monitoring", monitoring.monitoring, name="monitoring"),
    path("monitoring/<int:checkpoint>", monitoring.checkpoint, name="checkpoint"),
    path("monitoring/<int:checkpoint>/form", monitoring.checkpoint_form, name="checkpoint-form"),
    path(
        "monitoring/<int:checkpoint>/file/docx",
        monitoring.checkpoint_file,
        {"kind": "docx"},
        name="checkpoint-docx",
    ),
    path(
        "monitoring/<int:checkpoint>/file/xlsx",
        monitoring.checkpoint_file,
        {"kind": "xlsx"},
        name="checkpoint-xlsx",
    ),
    # which measure proves an indicator
    path(f"{HERE}matches", matches.matches, name="matches"),
    # self-evaluation
    path(f"{HERE}selfeval", selfeval.selfeval, name="selfeval"),
    path(f"{HERE}calculator", selfeval.calculator, name="calculator"),
    path(f"{HERE}scheme-beside", selfeval.scheme_beside, name="scheme-beside"),
    path("selfeval/<int:evaluation>/word", selfeval.word, name="word"),
    path("selfeval/<int:evaluation>/low-target", selfeval.low_target, name="low-target"),
    path("selfeval/<int:evaluation>/recheck", selfeval.recheck, name="recheck"),
    path("selfeval/<int:evaluation>/form", selfeval.selfeval_form, name="selfeval-form"),
    path("selfeval/<int:evaluation>/file/<str:name>", selfeval.selfeval_file, name="selfeval-file"),
    path("attachments/<int:attachment>", selfeval.attachment, name="attachment"),
    # key evaluation
    path(f"{HERE}keyeval", keyeval.keyeval, name="keyeval"),
    path("keyeval/<int:evaluation>", keyeval.keyevaluation, name="keyevaluation"),
    path("keyeval/<int:evaluation>/marks", keyeval.marks, name="marks"),
    path("keyeval/<int:evaluation>/appoint", keyeval.appoint, name="appoint"),
    path("keyeval/<int:evaluation>/agree", keyeval.agree, name="agree"),
    path("keyeval/<int:evaluation>/rectify", keyeval.rectification, name="rectification"),
    path("keyeval/<int:evaluation>/report", keyeval.key_report, name="key-report"),
    # double random
    path(f"{HERE}draws", draws.draws, name="draws"),
    path(f"{HERE}draws/register", draws.register, name="draw-register"),
    path(f"{HERE}draws/lists", lists.register, name="draw-lists"),
    path(f"{HERE}draws/lists/<int:upload>", lists.register_one, name="draw-list"),
    path(f"{HERE}draws/lists/<str:name>/template", lists.register_template, name="draw-list-template"),
    path(f"{HERE}draws/plan", draws.plan, name="draw-plan"),
    path("draws/<int:draw>", draws.draw, name="draw"),
    path("draws/<int:draw>/plan", draws.edit, name="draw-edit"),
    path("draws/<int:draw>/screen", draws.screen, name="draw-screen"),
    path("draws/<int:draw>/act/<str:what>", draws.act, name="draw-act"),
    path("draws/<int:draw>/file/<str:name>", draws.draw_file, name="draw-file"),
    path("tasks/<int:task>", draws.task, name="task"),
    # safeguards
    path(f"{HERE}safeguards", safeguards.safeguards, name="safeguards"),
    path(f"{HERE}safeguards/<str:name>", safeguards.register, name="register"),
    path("records/<int:record>", safeguards.record, name="record"),
    # decisions on any record
    path("step/<str:prefix>/<int:pk>", decisions.step, name="step"),
    # publication, and what the public sees
    path(f"{HERE}publish", public.publish, name="publish"),
    path("publish/<str:kind>/<int:pk>/ask", public.ask, name="publish-ask"),
    path("publications/<int:publication>", public.publication, name="publication"),
    path("publications/<int:publication>/keep", public.keep, name="publication-keep"),
    path("public", public.public, name="public"),
    path("public/<int:pk>", public.public_one, name="public-one"),
    path("public/<int:pk>/file/<str:name>", public.public_file, name="public-file"),
    path("public/<int:pk>/data.json", public.open_data, {"kind": "json"}, name="open-data-json"),
    path("public/<int:pk>/data.<str:kind>", public.open_data, name="open-data"),
    path("public/datapackage.json", public.data_package, name="data-package"),
    path("public/verify", public.verify, name="verify"),
    path("public/papers", papers.look, name="papers"),
    path("public/papers/<str:code>", papers.paper, name="paper"),
    path("public/papers/<str:code>/proof.json", papers.proof, name="paper-proof"),
    path("public/papers/<str:code>/file", papers.file, name="paper-file"),
    path("public/log", transparency.log, name="log"),
    path("public/log/checkpoint.txt", transparency.checkpoint, name="log-checkpoint"),
    path("public/log/entries.jsonl", transparency.entries, name="log-entries"),
    path("public/log/proof.json", transparency.proof, name="log-proof"),
    path("public/log/entry.json", transparency.entry_proof, name="log-entry"),
    path("public/log/stop/<str:token>", transparency.stop, name="log-stop"),
    path("public/commitments", public.commitment_log, name="commitments"),
    path("public/commitments.jsonl", public.commitment_lines, name="commitment-lines"),
    path("public/commitments/<int:number>", public.commitment, name="commitment"),
    path("public/commitments/<int:number>/own", public.own_proof, name="own-proof"),
    path("public/commitments/check", public.commitment_check, name="commitment-check"),
    path("public/commitments/<int:number>/slip", public.commitment_slip, name="commitment-slip"),
    path(
        "public/commitments/<int:number>/slip.txt", public.commitment_slip_text, name="commitment-slip-text"
    ),
    path("public/commitments/<int:number>/screen", public.commitment_screen, name="commitment-screen"),
    path("public/commitments/<int:number>/<str:name>", public.commitment_file, name="commitment-file"),
    # the finance bureau
    path("portfolio", portfolio.portfolio, name="portfolio"),
    path("portfolio/heat-map", portfolio.heat_map, name="heat-map"),
    path("portfolio/findings", portfolio.portfolio_findings, name="portfolio-findings"),
    path("portfolio/duties", portfolio.portfolio_duties, name="portfolio-duties"),
    path("portfolio/import", portfolio.portfolio_import, name="portfolio-import"),
    path("portfolio/export", portfolio.portfolio_export, name="portfolio-export"),
    # administration
    path("admin", administration.administration, name="administration"),
    path("admin/organisation", administration.organisation, name="organisation"),
    path("admin/places", administration.places_found, name="places-found"),
    path("admin/users", administration.users, name="users"),
    path("admin/library", library.library, name="library"),
    path("admin/packs", library.packs_page, name="packs"),
    path("admin/lists", lists.lists, name="lists"),
    path("admin/lists/<int:upload>", lists.one, name="list"),
    path("admin/lists/<str:name>/template", lists.template, name="list-template"),
    path("admin/rules", administration.rules, name="rules"),
    path("admin/bases", administration.bases, name="bases"),
    path("admin/calendar", administration.calendar, name="calendar"),
    path("admin/witnesses", administration.witnesses, name="witnesses"),
    path("admin/permissions", administration.permissions, name="permissions"),
    path("admin/service", administration.service, name="service"),
    path("admin/start", administration.start, name="start"),
    path("audit", administration.audit, name="audit"),
    # account
    path("set-up", account.set_up, name="set-up"),
    path("sign-in", account.SignIn.as_view(), name="sign-in"),
    path("sign-out", SignOut.as_view(http_method_names=("post",)), name="sign-out"),
    path("signed-in", account.signed_in, name="signed-in"),
    path("session", session, name="session"),
    path("account", account.account, name="account"),
    path(
        "account/password",
        require_http_methods(["GET", "HEAD", "POST"])(account.Password.as_view()),
        name="password",
    ),
    path("language", require_POST(set_language), name="set_language"),
    # programs and operation
    path("api/", api.urls),
    path("health", account.health, name="health"),
    path("metrics", account.metrics, name="metrics"),
]
if settings.OIDC:
    urlpatterns.append(path("oidc/", include("mozilla_django_oidc.urls")))
