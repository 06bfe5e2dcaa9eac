"""A form's faults are all told at once, each beside its field, and what was typed stays."""

from __future__ import annotations

import importlib
import pkgutil

import lxml.html
import pytest
from django.contrib.messages.storage.fallback import FallbackStorage
from django.forms import PasswordInput
from django.http import QueryDict
from django.test import RequestFactory
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from test_forms import DEEPER, fields, posting, sender

from zhunsheng.evidence import ledgers
from zhunsheng.measures import measures
from zhunsheng.regulations import key_frameworks, schemes
from zhunsheng.targets import Place
from zhunsheng.web import forms as package
from zhunsheng.web.forms import (
    account,
    administration,
    draws,
    keyeval,
    own_ledgers,
    public,
    safeguards,
    targets,
    year,
)
from zhunsheng.web.forms import ledgers as ledger_forms
from zhunsheng.web.forms import measures as own_measures
from zhunsheng.web.forms import portfolio as portfolio_forms
from zhunsheng.web.forms.base import Faults, SeenForm, SentForm
from zhunsheng.web.models import InspectionItem, Organisation, Sheet, User
from zhunsheng.web.services.registers import registers
from zhunsheng.web.services.sheets.layouts import ColumnKept, TableKept
from zhunsheng.web.views.common import say_error

NONSENSE = "abc"
LONG = "千" * 7000


def forms_of_the_site():
    """Return every form that is sent to the site."""
    for found in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{found.name}")
    known, waiting = [], [SentForm]
    while waiting:
        below = waiting.pop().__subclasses__()
        known += below
        waiting += below
    return sorted({one for one in known if one.__module__.startswith(package.__name__)}, key=str)


def arguments(form):
    """Return what a form is made of beside what was sent."""
    place = Organisation.objects.get(name="示例区市场监督管理局")
    people = list(User.objects.all()[:3])
    scheme, causes = schemes()[0], ("其他",)
    unknown = [{"name": "某局", "near": [{"id": place.pk, "name": place.name, "code": "", "same": False}]}]
    said = [{"answer": "update", "text": "更新"}, {"answer": "aside", "text": "先不导入"}]
    part = {"key": "column:甲", "text": "甲", "proposed": "update", "choices": said}
    asked = {"kind": "identity", "key": "identity", "text": "问", "choices": said, "changes": [{"key": "1"}]}
    held = {"head": "指标名称", "holds": "words", "samples": (), "field": "name", "how": "words"}
    column = ColumnKept(words="指标名称", **held)
    known = {
        account.NewToken: ([place],),
        administration.NewLibraryIndicator: (measures(),),
        draws.InspectorTurn: (place,),
        draws.ItemTurn: (place,),
        draws.NumbersForm: (
            [
                {"source": "ceremony", "speakers": ["甲", "乙"], "sealed": True},
                {"source": "drand", "chain": "default", "round": 1},
                {"source": "lottery", "name": "彩票", "issue": "1"},
                {"source": "office"},
            ],
        ),
        draws.PlanForm: (InspectionItem.objects.filter(department=place),),
        draws.ResultForm: (("合格",),),
        draws.SlipsForm: (["甲", "乙"],),
        keyeval.AppointForm: (people,),
        keyeval.EvaluatorsForm: (people,),
        keyeval.KeyStartForm: (Sheet.objects.all(), people, ("比较法",)),
        keyeval.PointsForm: (key_frameworks()[0],),
        ledger_forms.Answers: ([asked | {"parts": [part]}],),
        ledger_forms.LedgerFile: (ledgers(),),
        portfolio_forms.Places: (unknown, Organisation.objects.all()),
        own_measures.MeasureForm: (ledgers()["complaints"],),
        own_measures.PackTaken: ({"own_x": "测度"},),
        public.Disclosed: (["0" * 32],),
        own_ledgers.Definition: (ledgers()["complaints"].columns, ("c1",)),
        own_ledgers.RowForm: (ledgers()["complaints"],),
        safeguards.RecordForm: (registers()["policies"],),
        targets.ColumnsForm: (TableKept(place=Place(), headed=True, read=True, columns=(column,)),),
        targets.ReviewForm: (place, 2021),
        year.ExplanationForm: (causes,),
        year.WordForm: (scheme, causes),
    }
    return known.get(form, ())


def sent(form, text):
    """Return a form to which nonsense was sent in every field; what tells it from others is right."""
    data = QueryDict(mutable=True)
    blank = form(None, None, *arguments(form))
    for name in blank.fields:
        data[name] = text
    if form.mark and form.marks:
        data[form.mark] = form.marks[0]
    one = form(data, MultiValueDict(), *arguments(form))
    for field in one.fields.values():
        if hasattr(field, "allowed"):
            field.user = User.objects.get(username="guanli")
    return one


def told_beside(page, name, said):
    """Return whether a fault stands beside its field on a page."""
    places = page.xpath("//*[@name=$name and not(@type='hidden') and not(self::button)]", name=name)
    for place in places:
        told = [
            page.get_element_by_id(key).text_content() for key in place.get("aria-describedby", "").split()
        ]
        if place.get("aria-invalid") == "true" and any(said in one for one in told):
            return True
    return False


def kept(page, name, text):
    """Return whether a field that one types in still holds what was typed; a choice holds what there is."""
    for place in page.xpath("//*[@name=$name]", name=name):
        if place.tag == "select" or place.get("type") in ("checkbox", "radio", "file"):
            return True
        if (place.text if place.tag == "textarea" else place.get("value")) in (text, "\n" + text):
            return True
    return False


def drawn_again(form, text):
    """Return the faults of a form with nonsense and the page that draws it anew, None without faults."""
    one = sent(form, text)
    try:
        valid = one.is_valid()
    except Exception as error:  # a record that the page lists itself leads nowhere
        assert type(error).__name__ in ("Http404", "PermissionDenied")
        return None
    if valid:
        return None
    request = RequestFactory().post("/x", one.data.dict())
    request.user, request.session, request.htmx = User.objects.get(username="guanli"), {}, False  # type: ignore[attr-defined]
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    error = Faults(one)
    answer = say_error(request, error)
    assert answer.status_code == 400
    return one, error.faults, lxml.html.fromstring(answer.content.decode())


@pytest.mark.parametrize("text", [NONSENSE, LONG, ""], ids=("letters", "20KB", "nothing"))
def test_every_form_with_faults_is_drawn_anew_with_them_beside_its_fields(text):
    met = 0
    for form in forms_of_the_site():
        found = drawn_again(form, text)
        if found is None:
            continue
        one, faults, page = found
        met += 1
        visible = {bound.html_name for bound in one.visible_fields()}
        for name, (label, said) in faults.items():
            assert label or name == "__all__", (form, name)
            assert name not in visible or told_beside(page, name, said[0]), (form, name, said)
            assert page.xpath("//*[@data-fault=$name]", name=name), (form, name)
        # A password is written anew: no page holds one.
        secret = {name for name in visible if isinstance(one.fields[name].widget, PasswordInput)}
        for name in visible & set(faults) - secret:
            assert kept(page, name, text) or not text, (form, name)
        for name in set(one.data) - visible:
            assert kept(page, name, one.data[name]), (form, name)
    assert met > {NONSENSE: 22, LONG: 22, "": 18}[text], met


def test_every_field_that_a_person_sees_has_a_label():
    for form in forms_of_the_site():
        blank = form(None, None, *arguments(form))
        assert not [one.html_name for one in blank.visible_fields() if not one.field.label], form


def test_no_post_answers_faults_with_a_bare_page(address, sign_in):
    bodies = [(name, dict.fromkeys(fields(), NONSENSE)) for name in posting()]
    bodies += [(name, {k: NONSENSE if v == "@" else v for k, v in body.items()}) for name, body in DEEPER]
    bodies += [(name, {}) for name in posting()]
    met = set()
    for name, body in bodies:
        answer = sign_in(sender(name)).post(address(name), body)
        text = answer.content.decode()
        if answer.status_code != 400 or not any(f"ZS-WB-{n}]" in text for n in ("05", "06")):
            continue
        page = lxml.html.fromstring(text)
        for fault in page.xpath("//*[@data-fault]"):
            at, said = fault.get("data-fault"), fault.get("data-said")
            met.add((name, at))
            seen = page.xpath("//*[@name=$name and not(@type='hidden')]", name=at)
            assert not seen or told_beside(page, at, said.rstrip("。")), (name, at, said)
    assert {"account", "adjust", "calendar", "draw-plan", "ledgers", "library", "rules"} <= {
        n for n, _at in met
    }


def test_what_is_missing_is_named(sign_in, address):
    answer = sign_in("guanli").post(address("account"), {}).content.decode()
    assert "没有办成：“用途”没有填写。" in answer
    answer = sign_in("guanli").post(reverse("organisation"), {}).content.decode()
    assert "“名称”、“类别”没有填写。" in answer
    # A file that is missing is told at its own field, too.
    page = lxml.html.fromstring(sign_in("caiwu").post(address("ledgers"), {}).content.decode())
    assert told_beside(page, "file", "没有选择文件")


def test_a_page_draws_its_fields_from_the_form(sign_in):
    page = lxml.html.fromstring(sign_in("guanli").get(reverse("calendar")).content.decode())
    year_field = page.xpath("//input[@name='year']")[-1]
    assert year_field.get("required") is not None and year_field.get("type") == "number"
    assert page.xpath("//label[@for=$key]", key=year_field.get("id"))[0].text == "年度"
    assert issubclass(draws.NumbersForm, SeenForm)
