"""A form sent after its session ended is refused with its text, so that nothing typed is lost."""

from __future__ import annotations

import time

from django.test import Client

from zhunsheng.web.models import Checkpoint


def test_a_form_sent_after_the_session_ended_keeps_what_was_typed(client, department):
    point = Checkpoint.objects.filter(department=department)[0]
    text = "会话过期后保存的长文字，写了很久。"
    answer = client.post(f"/monitoring/{point.pk}", {"measures": text, "cause": "其他"})
    page = answer.content.decode()
    assert answer.status_code == 401 and text in page and 'name="cause" value="其他"' in page
    assert "登录已过期" in page and f'action="/monitoring/{point.pk}"' in page
    part = client.post(f"/monitoring/{point.pk}", {"measures": text}, headers={"HX-Request": "true"})
    assert part.status_code == 401 and part["HX-Retarget"] == "#alerts"
    assert "password" not in part.content.decode() and "在新窗口登录" in part.content.decode()


def test_an_idle_session_ends_in_the_same_way(sign_in, department, settings):
    place = sign_in("keyuan")
    point = Checkpoint.objects.filter(department=department)[0]
    place.get("/account")
    kept = place.session
    kept["seen"] = int(time.time()) - settings.SESSION_IDLE - 1
    kept.save()
    answer = place.post(f"/monitoring/{point.pk}", {"measures": "写了很久的一段文字，不能丢。"})
    assert answer.status_code == 401 and "写了很久的一段文字，不能丢。" in answer.content.decode()
    assert place.get("/session").json()["user"] == ""
    assert place.get("/public").status_code == 200


def test_a_password_to_be_changed_takes_no_text_either(sign_in, user):
    place = sign_in("keyuan")
    who = user("keyuan")
    who.must_change = True
    who.save()
    part = place.post("/portfolio/import", {"assess": "1"}, headers={"HX-Request": "true"})
    assert (
        part.status_code == 401 and part["HX-Retarget"] == "#alerts" and "修改密码" in part.content.decode()
    )
    assert place.get("/session").json()["user"] == ""


def test_a_form_of_an_older_session_is_refused_with_its_text(user):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user("keyuan"), backend="django.contrib.auth.backends.ModelBackend")
    text = "另一个窗口里重新登录之前写的文字"
    answer = strict.post("/account", {"name": text, "csrfmiddlewaretoken": "x" * 32})
    page = answer.content.decode()
    assert answer.status_code == 403 and text in page
    assert "<button" not in page.split(text)[1]  # a stranger's form is never sent on from here
    part = strict.post("/account", {"name": text}, headers={"HX-Request": "true"})
    assert part.status_code == 403 and part["X-Renew"] == "1"
    told = strict.get("/session").json()
    assert told["user"] == "keyuan"
    assert strict.post("/account", {"name": text, "csrfmiddlewaretoken": told["token"]}).status_code == 302
