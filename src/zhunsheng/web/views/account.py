"""Signing in and out, one's own password and tokens, and the pages that operate the site."""

from __future__ import annotations

import hashlib
import logging

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth import views as auth
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.signals import user_login_failed
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from zhunsheng import __version__
from zhunsheng.errors import ZhunshengError
from zhunsheng.web import metrics as figures
from zhunsheng.web.api import token_of
from zhunsheng.web.audit import record
from zhunsheng.web.forms.account import NewPassword, NewToken, Revocation, SetUp
from zhunsheng.web.middleware import address
from zhunsheng.web.models import ApiToken, AuditEntry, Job
from zhunsheng.web.models.work import cipher
from zhunsheng.web.requests import SignedInRequest
from zhunsheng.web.roles import token_places
from zhunsheng.web.services import starting, tokens, transparency, watching
from zhunsheng.web.telling import tell
from zhunsheng.web.throttle import answer, asked, remember
from zhunsheng.web.views.common import done, page

log = logging.getLogger(__name__)


class SignIn(auth.LoginView):
    """The sign-in page."""

    template_name = "web/sign_in.html"
    redirect_authenticated_user = True
    http_method_names = ("get", "head", "post")

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Sign in, and know the browser again."""
        response = super().form_valid(form)
        remember(self.request, response, form.get_user())
        return response


@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """Let whoever has the code of the terminal make the first places and the first administrator, while
    nobody can sign in; lead to the sign-in page otherwise.
    """
    if not starting.waits():
        return redirect("sign-in")
    form = SetUp(request.POST or None, None)
    status = 200
    if request.method == "POST":
        status = 400
        if wait := asked(request):
            form.add_error("code", tell(ZhunshengError("ZS-WB-86", minutes=-(-wait // 60))))
        elif form.is_valid():
            try:
                user = starting.set_up(form.cleaned_data)
            except ZhunshengError as error:
                form.add_error("code" if error.code == "ZS-WB-83" else None, tell(error))
            else:
                if not settings.LOCAL_PASSWORDS:
                    return redirect("sign-in")
                login(request, user, backend="django.contrib.auth.backends.ModelBackend")
                return redirect("start")
    return render(request, "web/set_up.html", {"form": form}, status=status)


@page(None)
def signed_in(request: HttpRequest) -> HttpResponse:
    """Say that one is signed in, in the window opened for it; the page that asked is in another."""
    return render(request, "web/signed_in.html")


class Password(auth.PasswordChangeView):
    """Change one's own password."""

    template_name = "web/password.html"
    success_url = reverse_lazy("account")
    http_method_names = ("get", "head", "post")
    form_class = NewPassword

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """Let who failed to give the present password wait, as at signing in."""
        if request.method == "POST" and request.user.is_authenticated:
            said = {"username": request.user.get_username()}
            if not AxesProxyHandler.is_allowed(request, said):
                return answer(request)
        return super().dispatch(request, *args, **kwargs)

    def form_invalid(self, form: PasswordChangeForm) -> HttpResponse:
        """Count a wrong present password as a failure to sign in."""
        if "old_password" in form.errors:
            said = {"username": self.request.user.get_username()}
            user_login_failed.send(sender=__name__, credentials=said, request=self.request)
        return super().form_invalid(form)

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        """Keep the new password; a handed-out one is thereby replaced."""
        form.user.must_change = False
        return super().form_valid(form)


@page(None, methods=("GET", "POST"))
def account(request: SignedInRequest) -> HttpResponse:
    """Show one's roles and tokens; a POST issues or revokes a token."""
    if request.method == "POST":
        if Revocation.came(request):
            tokens.revoke(get_object_or_404(ApiToken, pk=Revocation.of(request)["revoke"], user=request.user))
            return done(request, "account", _("令牌已停用。"))
        secret = tokens.issue(request.user, **NewToken.of(request, token_places(request.user)))
        request.session["secret"] = cipher().hide(secret)  # for the one page that shows it
        return done(request, "account", _("令牌已生成，只显示这一次，请立即保存。"))
    context = {
        "tokens": ApiToken.objects.filter(user=request.user)
        .select_related("place__parent__parent")
        .order_by("-pk"),
        "form": NewToken.blank(request, token_places(request.user), said={"days": tokens.DAYS}),
        "secret": cipher().show(request.session.pop("secret", None)),
        "memberships": request.user.memberships.filter(active=True).select_related(
            "organisation__parent__parent"
        ),
        "done": AuditEntry.objects.filter(actor=request.user.get_username())[:20],
        "sealed": transparency.sealed_up_to("audit"),
    }
    return render(request, "web/account.html", context)


# -- operation
# --------------------------------------------------------------------------------------------------------


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Say whether the site does its work: the database answers and is of this version, a worker lives, and no
    job waits too long. 503 with what is wrong otherwise.
    """
    try:
        facts = watching.observe()
        wrong = watching.grave(watching.checks(facts))
    except Exception as error:  # whatever fails, the answer is that the site is not well
        log.warning("the site can't say how it is", exc_info=error)
        return JsonResponse({"status": "down", "why": type(error).__name__}, status=503)
    said = {
        "status": "failing" if wrong else "ok",
        "version": __version__,
        "jobs_waiting": facts.jobs.get(Job.State.QUEUED, 0),
        "wrong": {one.key: one.words for one in wrong},
    }
    return JsonResponse(said, status=503 if wrong else 200, json_dumps_params={"ensure_ascii": False})


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return counts and times in the text format that Prometheus reads; for the machine itself or a token's
    holder.
    """
    # A proxy on this machine speaks for others, even where nobody said that it may be trusted.
    if address(request) not in ("127.0.0.1", "::1") or request.META["zhunsheng.proxied"]:
        token = token_of(request)
        if token is None or "metrics:read" not in token.scopes:
            return HttpResponse(status=403)
    return HttpResponse(figures.text(), content_type=figures.CONTENT_TYPE)


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that this is not for this person; the same refusal is in the log once a minute,
    however often it is asked for.
    """
    if request.user.is_authenticated:
        # By its route and numbers: what else stands in an address are anybody's words, and no end of them.
        match = request.resolver_match
        numbers = " ".join(f"{k}={v}" for k, v in match.kwargs.items() if isinstance(v, int)) if match else ""
        asked = f"{request.method} {match.view_name if match else ''} {numbers}".strip()[:300]
        if cache.add(f"refused-{request.user.pk}-{hashlib.sha256(asked.encode()).hexdigest()}", 1, 60):
            record("refused", title=asked)
    return render(request, "web/refused.html", status=403)


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that the request can't be answered as it came, as one for a host that is none of the site's
    names.
    """
    # Without the context of other pages, which asks for the request's host.
    said = {"number": getattr(request, "number", "")}
    return HttpResponse(render_to_string("web/unreadable.html", said), status=400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that there is no such page."""
    return render(request, "web/not_found.html", status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """Say that something went wrong here, without a trace."""
    # Without the context of other pages: whatever failed may be what builds it.
    number = getattr(request, "number", "")
    return HttpResponse(render_to_string("web/failed.html", {"number": number}), status=500)
