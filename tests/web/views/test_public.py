"""Public pages: only what the head approved, with files and data, verified by anyone, nothing personal."""

from __future__ import annotations

import io
import json
import zipfile

from django.urls import reverse

from zhunsheng.draws.verification import verify
from zhunsheng.web.models import Draw, Inspector, Publication, SelfEvaluation, SheetVersion
from zhunsheng.web.services.year import filling


def test_only_what_the_head_approved_is_public(department, sign_in, client, user):
    version = SheetVersion.objects.get(
        sheet__department=department, sheet__year=2021, sheet__kind="department"
    )
    before = client.get(reverse("public")).content.decode()
    title = f"{department} 2021年 部门整体绩效目标"
    assert title not in before
    sign_in("caiwu").post(reverse("publish-ask", args=["targets", version.pk]))
    asked = Publication.objects.get(kind="targets", object_id=version.pk)
    assert client.get(reverse("public-one", args=[asked.pk])).status_code == 404
    assert client.get(reverse("open-data-json", args=[asked.pk])).status_code == 404
    step = reverse("step", args=["publish", asked.pk])
    assert sign_in("caiwu").post(step, {"action": "publish.approve"}).status_code == 403
    assert title in sign_in("juzhang").get(reverse("publication", args=[asked.pk])).content.decode()
    sign_in("juzhang").post(step, {"action": "publish.approve"})
    assert title in client.get(reverse("public") + "?kind=targets&q=整体").content.decode()
    assert "企业年报率" in client.get(reverse("public-one", args=[asked.pk])).content.decode()
    data = client.get(reverse("open-data-json", args=[asked.pk])).json()
    assert (
        data["data"]["sheet"]["indicators"][0]["name"] == "企业年报率"
        and "provenance" not in data["data"]["sheet"]
    )
    sign_in("juzhang").post(step, {"action": "publish.withdraw", "remark": "有误"})
    assert client.get(reverse("public-one", args=[asked.pk])).status_code == 404


def test_what_is_not_ready_cannot_be_asked_to_be_public(department, sign_in):
    finance = sign_in("caiwu")
    draft = SheetVersion.objects.filter(sheet__department=department, sheet__year=2022)[0]
    evaluation = SelfEvaluation.objects.get(department=department)
    for kind, pk in (("targets", draft.pk), ("self", evaluation.pk)):
        assert "ZS-WB-01" in finance.post(reverse("publish-ask", args=[kind, pk])).content.decode()
    assert finance.post("/publish/nothing/1/ask").status_code == 404


def test_a_signed_self_evaluation_is_published_with_its_files(
    department, sign_in, client, left_open_confirmed
):
    evaluation = filling.fill_self_evaluation(SelfEvaluation.objects.get(department=department))
    step = reverse("step", args=["selfeval", evaluation.pk])
    for who, action in (("keyuan", "submit"), ("caiwu", "check"), ("juzhang", "sign")):
        sign_in(who).post(step, {"action": f"selfeval.{action}"})
    sign_in("caiwu").post(reverse("publish-ask", args=["self", evaluation.pk]))
    asked = Publication.objects.get(kind="self")
    sign_in("juzhang").post(reverse("step", args=["publish", asked.pk]), {"action": "publish.approve"})
    page = client.get(reverse("public-one", args=[asked.pk])).content.decode()
    assert "绩效自评表" in page and "举报案件办结率" in page
    said = {one["id"]: one for one in Publication.objects.get(pk=asked.pk).data["measures"]}
    assert "report_closure_rate" in said and all(one["answers"]["limits"] in page for one in said.values())
    assert client.get(reverse("public-file", args=[asked.pk, "绩效自评表.xlsx"])).content[:2] == b"PK"
    rows = client.get(reverse("open-data", args=[asked.pk, "csv"])).content.decode("utf-8-sig").splitlines()
    assert rows[0].startswith("类别,目标表,指标,指标值,完成值,完成值来源,口径,结论,") and len(rows) > 20


def test_anyone_verifies_a_published_draw(client):
    found = Publication.objects.get(kind="draw", state="published", title="2021年第一次双随机抽查")
    page = client.get(reverse("public-one", args=[found.pk])).content.decode()
    assert found.data["seed"] in page
    content = client.get(reverse("public-file", args=[found.pk, "抽查包.zip"])).content
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        parts = {n: json.loads(bundle.read(n)) for n in bundle.namelist() if n.endswith(".json")}
    assert all(c.holds is not False for c in verify(parts, None, found.data["digest"]))
    page = client.get(reverse("verify"))
    policy = page["Content-Security-Policy"]
    assert "sha256-" in policy and "unsafe-inline" not in policy and "connect-src 'none'" in policy
    assert "worker-src blob:" in policy and "unsafe-eval" not in policy
    assert client.get(reverse("public-file", args=[found.pk, "inspectors.json"])).status_code == 404


def test_public_pages_and_data_hold_nothing_personal(client, department):
    names = {i.name for i in Inspector.objects.filter(department=department)}
    entities = {t.name for d in Draw.objects.filter(department=department) for t in d.tasks.all()}
    assert names and entities
    pages = [reverse("public"), reverse("data-package"), "/api/public"]
    for one in Publication.objects.filter(state="published"):
        pages += [
            reverse("public-one", args=[one.pk]),
            reverse("open-data-json", args=[one.pk]),
            reverse("open-data", args=[one.pk, "csv"]),
        ]
        pages += [
            reverse("public-file", args=[one.pk, p.name])
            for p in (one.folder().iterdir() if one.folder().is_dir() else ())
        ]
    for url in pages:
        content = client.get(url).content
        assert content, url
        for secret in (*names, *entities, "诉求人", "19900", "keyuan"):
            assert secret.encode() not in content, (url, secret)


def test_the_data_package_describes_every_published_table(client):
    package = client.get(reverse("data-package")).json()
    assert len(package["resources"]) == Publication.objects.filter(state="published").count()
    for resource in package["resources"]:
        rows = (
            client.get(resource["path"].replace("http://testserver", ""))
            .content.decode("utf-8-sig")
            .splitlines()
        )
        assert rows[0].split(",") == [f["name"] for f in resource["schema"]["fields"]]
