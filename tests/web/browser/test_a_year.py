"""The office's year in a real browser, from the overview to administration, in the order of the year."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta

import pytest
from driving import PHONE, SHOTS, finish, found_all, led_on, part, shot, year
from playwright.sync_api import expect

from zhunsheng.sample.documents import bureau, flattened
from zhunsheng.sample.portfolio import write_portfolio

pytestmark = pytest.mark.xdist_group("site")


def test_01_overview_drills_down_to_the_rows(sign_in):
    page = sign_in("keyuan")
    year(page, 2021)
    assert "2021 年绩效总览" in page.inner_text("h1")
    page.locator("[data-chart=plan] canvas").nth(1).wait_for()
    shot(page, "01-overview")
    page.locator("#sheet-1").scroll_into_view_if_needed()
    shot(page, "01-overview-project")
    led_on(page, "#sheet-1 tr:has-text('举报案件办结率') a")
    page.wait_for_selector("h1:has-text('举报案件办结率')")
    text = page.inner_text("main")
    assert "分子" in text and "所依据的批次" in text and "投诉举报台账.xlsx" in text
    shot(page, "01-lineage", full=True)


def test_02_targets_from_document_to_approval(sign_in, tmp_path):
    document = tmp_path / "2023年绩效目标.txt"
    document.write_text(flattened({**bureau(), "year": 2023}).replace("2021年", "2023年"), "utf8")
    staff = sign_in("keyuan")
    part(staff, "绩效目标")
    year(staff, 2023)
    staff.set_input_files("#doc", str(document))
    staff.click("text=上传并识别")
    staff.wait_for_url("**/documents/*")  # with a link to each of its sheets
    staff.click("main a:has-text('市场秩序')")
    # The field and its place in the original light up together.
    target = staff.locator("[data-column=target]").nth(2)
    target.click()
    shown = staff.locator(".original .shown")
    assert "举报案件办结率" in shown.inner_text()
    # Correct in place by keyboard: type, Enter goes down, the change is kept.
    target.fill("≥92%")
    target.press("Enter")
    staff.wait_for_selector("form.field.kept")
    assert staff.evaluate("document.activeElement.dataset.column") == "target"
    shot(staff, "02-sheet-beside-original")
    # The second of two people is told.
    other = sign_in("keyuan2")
    other.goto(staff.url)
    staff.locator("[data-column=basis]").nth(0).fill("上级文件")
    with staff.expect_response(lambda r: r.url.endswith("/field")) as kept:
        staff.locator("[data-column=basis]").nth(0).press("Enter")
    assert kept.value.ok
    late = other.locator("[data-column=basis]").nth(0)
    late.fill("工作经验")
    late.press("Enter")
    other.wait_for_selector("text=ZS-WB-03")
    assert late.input_value() == "工作经验"
    shot(other, "02-second-editor-is-told")
    other.click("button:has-text('用对方的')")
    expect(late).to_have_value("上级文件")
    address = staff.url
    staff.reload()
    box = staff.locator("input[name=despite]")
    if box.count():
        box.check()
    staff.click("button:has-text('提交审核')")
    staff.wait_for_selector("text=已办理")
    finance = sign_in("caiwu")
    finance.goto(address)
    finance.click("button:has-text('退回')")
    finance.wait_for_selector("text=ZS-WB-02")
    finance.fill("[name=remark]", "请补充依据")
    finance.click("button:has-text('要求修改')")
    finance.wait_for_selector("text=已办理")
    staff.goto(address)
    if staff.locator("input[name=despite]").count():
        staff.check("input[name=despite]")
    staff.click("button:has-text('提交审核')")
    staff.wait_for_selector("text=已办理")
    finance.goto(address)
    finance.click("button:has-text('审核通过')")
    finance.wait_for_selector("text=已办理")
    bureau_page = sign_in("caizheng")
    bureau_page.goto(address)
    bureau_page.click("button.btn-primary:has-text('批复')")
    bureau_page.wait_for_selector("text=已办理")
    shot(bureau_page, "02-approved", full=True)
    staff.goto(address)
    staff.fill("#reason", "年中增加任务")
    staff.click("button:has-text('提出调整')")
    staff.wait_for_selector("text=第 2 版")
    field = staff.locator("[data-column=target]").nth(0)
    field.fill("≥4个")
    field.press("Enter")
    staff.wait_for_selector("form.field.kept")
    staff.click("text=与本版比较")
    staff.wait_for_selector("text=1 处不同")
    shot(staff, "02-versions-compared")


def test_03_ledgers_upload_errors_browse_undo(sign_in, tmp_path):
    rows = [
        "活动编号,活动类别,主题类别,活动名称,开展日期",
        "HD-B1,宣传,食品安全,浏览器试验,2021-05-01",
        "HD-B2,跳舞,食品安全,错行,2021-13-01",
    ]
    (tmp_path / "活动台账.csv").write_text("\n".join(rows), "utf8")
    page = sign_in("caiwu")
    part(page, "台账证据")
    with page.expect_download() as download:
        page.click("tr:has-text('活动台账') a:has-text('下载')")
    assert download.value.suggested_filename.endswith(".xlsx")
    shot(page, "03-ledgers")
    page.set_input_files("#file", str(tmp_path / "活动台账.csv"))
    page.click("button:has-text('上传')")
    page.wait_for_url("**/jobs/*")
    finish(page)
    page.reload()
    assert "应为：宣传" in page.inner_text("main")
    shot(page, "03-row-errors")
    with page.expect_download() as download:
        page.click("text=下载标注好错误的文件")
    assert "标注" in download.value.suggested_filename
    led_on(page, "text=跳过有错的行")
    finish(page)
    page.reload()
    assert "新增 1 行" in page.inner_text("main")
    part(page, "台账证据")
    page.click("td a:has-text('活动台账') >> nth=0")
    page.fill("#q", "浏览器试验")
    page.click("button:has-text('筛选')")
    page.wait_for_selector("text=HD-B1")
    shot(page, "03-browse")
    part(page, "台账证据")
    page.click("section:has-text('批次历史') tbody tr >> nth=0 >> text=撤销")
    page.wait_for_selector("text=撤销，原数据仍可查到")
    shot(page, "03-undone", full=True)


def test_04_monitoring_explained_and_confirmed(sign_in):
    staff = sign_in("keyuan")
    part(staff, "运行监控")
    staff.click("a:has-text('前十个月')")
    staff.wait_for_url(re.compile(r"/monitoring/\d+$"))
    address = staff.url
    staff.goto(address)
    for _ in range(30):
        waiting = staff.locator("details[open] form")
        if not waiting.count():
            break
        form = waiting.first
        form.locator("select").select_option("人员保障")
        form.locator("textarea").fill("抽调人员，月底前补齐")
        form.locator("button").click()
        staff.wait_for_selector("text=已保存。")
        staff.goto(address)
    shot(staff, "04-checkpoint")
    staff.click("button:has-text('提交财务科确认')")
    staff.wait_for_selector("text=已办理")
    finance = sign_in("caiwu2")
    finance.goto(address)
    finance.click("button.btn-primary:has-text('确认')")
    finance.wait_for_selector("text=已确认")
    finance.click("text=官方表样")
    finance.wait_for_selector(".official")
    shot(finance, "04-official-table")
    finance.emulate_media(media="print")
    pdf = SHOTS / "04-official-table.pdf"
    finance.pdf(path=str(pdf), prefer_css_page_size=True)
    assert pdf.stat().st_size > 10_000


def test_05_self_evaluation_signed_in_order(sign_in):
    staff = sign_in("keyuan")
    part(staff, "口径确认")
    staff.locator("button.btn-primary:has-text('确认')").first.click()
    staff.wait_for_selector("text=已确认，数据将重新计算")
    shot(staff, "05-matches")
    part(staff, "绩效自评")
    row = staff.locator("tr:has(.badge:has-text('未达标')), tr:has-text('未达标')").first
    row.locator("summary").click()
    row.locator("[name=cause]").select_option("人员保障")
    row.locator("[name=measures]").fill("下年提前安排")
    row.locator("[name=reason]").fill("第三季度人手不足")
    row.locator("button").click()
    staff.wait_for_selector("text=得分已重算")
    assert "第三季度人手不足" in staff.inner_text("main")
    shot(staff, "05-self-evaluation")
    staff.click("button:has-text('填报人签字提交')")
    staff.wait_for_selector("text=已办理")
    for name, words in (("caiwu2", "财务科审核签字"), ("juzhang", "负责人签字上报")):
        page = sign_in(name)
        part(page, "绩效自评")
        page.click(f"button:has-text('{words}')")
        page.wait_for_selector("text=已办理")
    bureau_page = sign_in("caizheng")
    bureau_page.goto(staff.url)
    bureau_page.click("a:has-text('复核')")
    bureau_page.click("button:has-text('开始复核')")
    bureau_page.wait_for_selector("text=复核完成")
    shot(bureau_page, "05-recheck", full=True)
    page = sign_in("caiwu")
    part(page, "绩效自评")
    with page.expect_download() as download:
        page.click(".btn-list a:has-text('Excel')")
    assert download.value.suggested_filename.endswith(".xlsx")
    page.click("button:has-text('申请公开')")
    page.wait_for_selector("text=待批准公开")
    head = sign_in("juzhang")
    head.goto(page.url)
    head.click("button:has-text('批准公开')")
    head.wait_for_selector("text=已公开")
    shot(head, "05-signed-and-published")


def test_06_key_evaluation_apart_then_agreed(sign_in):
    expert = sign_in("zhuanjia2")
    part(expert, "重点评价")
    expert.click("a:has-text('市场秩序')")
    expert.wait_for_selector("input[name^=points_]")  # a count does not wait for the page
    inputs = expert.locator("input[name^=points_]")
    for n in range(inputs.count()):
        inputs.nth(n).fill("1")
    shot(expert, "06-scoring")
    expert.click("text=提交评分")
    expert.wait_for_selector("text=合议中")
    bureau_page = sign_in("caizheng")
    bureau_page.goto(expert.url)
    bureau_page.wait_for_selector("text=差异大")
    shot(bureau_page, "06-differences")
    bureau_page.fill("#conclusion", "总体较好，办理时效需改进")
    bureau_page.click("text=保存合议结果")
    bureau_page.wait_for_selector("text=已保存")
    bureau_page.click("button:has-text('定稿出报告')")
    bureau_page.wait_for_selector("text=已出报告")
    with bureau_page.expect_download() as download:
        bureau_page.click("text=评价报告（Word）")
    assert download.value.suggested_filename.endswith(".docx")
    bureau_page.fill("#rp", "时限预警缺失")
    bureau_page.fill("#ro", "综合科")
    bureau_page.fill("#rd", "2027-06-30")
    bureau_page.click("button:has-text('列入整改')")
    bureau_page.wait_for_selector("text=时限预警缺失")
    staff = sign_in("keyuan")
    staff.goto(expert.url)
    box = staff.locator("div.mb-3:has-text('时限预警缺失')")
    box.locator("textarea").fill("已上线预警")
    box.locator("[name=no_proof]").fill("系统内可见")
    box.locator("button").click()
    staff.wait_for_selector("text=已办理")
    bureau_page.goto(expert.url)
    bureau_page.click("div.mb-3:has-text('时限预警缺失') button:has-text('验收销号')")
    bureau_page.wait_for_selector("text=已销号")
    shot(bureau_page, "06-rectified", full=True)


def test_07_double_random_with_two_entries_and_results_on_a_phone(sign_in):
    one = sign_in("keyuan")
    part(one, "双随机")
    shot(one, "07-registers")
    one.click("text=制定抽查方案")
    soon = datetime.now() + timedelta(seconds=12)
    for name, value in {
        "code": "SJ-2021-02",
        "title": "2021年第二次双随机抽查",
        "frame_on": "2021-06-01",
        "ends_on": "2098-12-31",
        "lottery_name": "某彩票",
        "lottery_issue": "2021150",
        "known_at": soon.strftime("%Y-%m-%dT%H:%M:%S"),
        "lead": "",  # as long as the numbers of today are some seconds away
    }.items():
        one.fill(f"[name={name}]", value)
    one.click("text=保存方案")
    one.wait_for_selector("text=方案已保存")
    one.click("button:has-text('公布承诺')")
    one.wait_for_url("**/jobs/*")
    finish(one)
    one.click("text=回到抽查")
    one.wait_for_selector("text=录入随机数")
    address = one.url
    while datetime.now() < soon + timedelta(seconds=1):
        time.sleep(0.5)
    one.fill("[name=v0]", "03 08 17 22 26")
    one.click("button:has-text('录入')")
    one.wait_for_selector("text=请另一人独立录入")
    two = sign_in("keyuan2")
    two.goto(address)
    two.fill("[name=v0]", "03 08 17 22 26")
    shot(two, "07-second-entry")
    two.click("button:has-text('录入')")
    two.wait_for_selector("text=种子已定")
    two.click("button:has-text('抽取并分派')")
    two.wait_for_url("**/jobs/*")
    finish(two)
    two.click("text=回到抽查")
    two.wait_for_selector("text=检查任务")
    shot(two, "07-drawn", full=True)
    phone = sign_in("keyuan", PHONE)
    phone.goto(address)
    phone.locator("table a[href^='/tasks/']").first.click()
    phone.fill("#io", "2021-07-01")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 375
    phone.select_option("#rs", "未发现问题")
    shot(phone, "07-result-on-a-phone")
    phone.click("text=保存，下一户")
    phone.wait_for_selector("text=已保存，下一户")


def test_08_safeguards_with_approval(sign_in):
    staff = sign_in("keyuan")
    part(staff, "保障措施")
    shot(staff, "08-safeguards")
    staff.click("a:has-text('固定资产')")
    staff.fill("#f-asset_no", "GD-0100")
    staff.fill("#f-name", "扫描仪")
    staff.fill("#f-value", "2600")
    staff.click("button:has-text('登记')")
    staff.wait_for_selector("text=已登记")
    staff.click("tr:has-text('GD-0100') a")
    staff.select_option("[name=request]", "登记入账")
    staff.click("button:has-text('申请审批')")
    staff.wait_for_selector("text=待审批")
    head = sign_in("juzhang")
    head.goto(staff.url)
    head.click("button:has-text('批准') >> nth=0")
    head.wait_for_selector("text=已批准")
    shot(head, "08-asset-approved")


def test_09_public_pages_and_verification_without_signing_in(sign_in, tmp_path):
    page = sign_in()
    page.goto("/public")
    shot(page, "09-public")
    page.click("a:has-text('2021年第一次双随机抽查') >> nth=-1")
    shot(page, "09-public-draw")
    files = []
    for name in ("抽查包.zip", "frame.tsv"):
        with page.expect_download() as download:
            page.click(f"a:has-text('{name}')")
        files.append(tmp_path / name)
        download.value.save_as(files[-1])
    page.click("text=自己核验")
    page.wait_for_selector("input[type=file]", state="attached")
    inputs = page.locator("input[type=file]")
    for n, file in enumerate(files):
        inputs.nth(n if inputs.count() > 1 else 0).set_input_files(str(file))
    buttons = page.locator("button")
    if buttons.count():
        buttons.first.click()
    page.get_by_text(re.compile("全部相符|所核各项相符")).wait_for(timeout=60_000)
    # The site's policy lets the page start its workers.
    hired = (
        "readersOf({ size: 2 ** 21 }).then(crew => { for (const one of crew) one.stop(''); "
        "return crew.length; })"
    )
    assert page.evaluate(hired) > 1
    shot(page, "09-verified")
    package = page.request.get("/public/datapackage.json").json()
    assert package["resources"]
    assert page.request.get(package["resources"][0]["path"]).ok


def test_10_portfolio_takes_in_a_zip(sign_in, tmp_path):
    archive, _ = write_portfolio(tmp_path, 12, seed=7)
    page = sign_in("caizheng")
    page.wait_for_selector("[data-chart=heat] canvas")
    shot(page, "10-portfolio")
    page.set_input_files("#zip", str(archive))
    page.click("button:has-text('导入')")
    page.wait_for_url("**/jobs/*")
    finish(page)
    page.reload()
    assert "12 个文件" in page.inner_text("main")
    found_all(page)
    finish(page)
    page.reload()
    assert "已全部导入" in page.inner_text("main")
    page.click("text=看汇总")
    page.wait_for_selector("[data-chart=heat] canvas")
    shot(page, "10-portfolio-full", full=True)
    page.click("table a[href*='rule=ZS'] >> nth=0")
    page.wait_for_selector("text=审核发现")
    shot(page, "10-findings")
    page.goto("/portfolio")
    with page.expect_download() as download:
        page.click("text=导出 Excel")
    assert download.value.suggested_filename.endswith(".xlsx")


def test_11_administration(sign_in):
    page = sign_in("guanli")
    shot(page, "11-tree")
    page.click(".tabs a:has-text('用户与角色')")
    page.fill("#uu", "liulan")
    page.fill("#ud", "浏览甲")
    page.select_option("#ur", "auditor")
    district = page.locator("#uo option", has_text=re.compile("^示例区")).first
    page.select_option("#uo", value=district.get_attribute("value"))
    page.click("section:has-text('新增用户') button")
    page.wait_for_selector("code.secret")
    for tab, name in (
        ("用户与角色", "users"),
        ("指标库", "library"),
        ("规则与方案", "rules"),
        ("日历", "calendar"),
        ("权限表", "permissions"),
    ):
        page.click(f".tabs a:has-text('{tab}')")
        shot(page, f"11-{name}")
    part(page, "审计日志")
    assert "liulan" in page.inner_text("main") or "浏览甲" in page.inner_text("main")
    shot(page, "11-audit")
