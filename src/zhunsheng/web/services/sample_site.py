"""The sample district for trying the site: organisations, an account for each role,
and a bureau's year in mid-course.
"""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password

from zhunsheng.errors import ZhunshengError
from zhunsheng.files.scratch import scratch_folder
from zhunsheng.regulations import key_frameworks
from zhunsheng.sample.documents import bureau, write_documents, write_reported
from zhunsheng.sample.draw import DrawDemo, beacon_plan, demo_beacon_draw, demo_draw, inspectors, plan
from zhunsheng.sample.ledgers import write_ledgers
from zhunsheng.sample.portfolio import names, write_portfolio
from zhunsheng.usecases.importing import import_ledger
from zhunsheng.usecases.progress import Progress, no_progress
from zhunsheng.usecases.result import Run
from zhunsheng.web.actor import acting
from zhunsheng.web.models import (
    CalendarEntry,
    Draw,
    InspectionItem,
    Inspector,
    LibraryIndicator,
    Membership,
    Organisation,
    SafeguardRecord,
    SheetVersion,
    Upload,
    User,
)
from zhunsheng.web.models.work import cipher
from zhunsheng.web.services import evidence, keyeval, matching, office, registers
from zhunsheng.web.services.draws import performing, results
from zhunsheng.web.services.portfolio import archives, assessing
from zhunsheng.web.services.publishing import acts
from zhunsheng.web.services.sheets import lookup
from zhunsheng.web.services.sheets.documents import take_document
from zhunsheng.web.services.sheets.drafts import confirm, start_from_last_year
from zhunsheng.web.services.year import calendar, figures, filling, question, records
from zhunsheng.web.services.year.words import keep_word
from zhunsheng.web.workflow import advance, note

PASSWORD = "Zhunsheng-2021"
# user name, role, what to try
ACCOUNTS = (
    ("keyuan", "科室人员", "填目标、导台账、说明偏差、录检查结果"),
    ("keyuan2", "科室人员", "第二位科室人员，双人录入"),
    ("caiwu", "财务科", "审核目标、开启监控与自评、申请公开"),
    ("caiwu2", "财务科", "第二位财务人员，确认与审核"),
    ("juzhang", "部门负责人", "签字、审批资产、批准公开"),
    ("caizheng", "财政局", "批复、汇总、复核、重点评价"),
    ("caizheng2", "财政局", "第二位财政局人员，认定目标偏低"),
    ("zhuanjia1", "评价专家", "独立评分"),
    ("zhuanjia2", "评价专家", "独立评分"),
    ("shenji", "审计", "看数据、来源、审计日志；抽查中可以作第二人录入随机数"),
    ("guanli", "系统管理员", "组织、用户、日历、指标库"),
)
# those who write and check for the small departments of the district
DEPARTMENTS = (("jingban", "各部门经办", "staff"), ("hecha", "各部门财务", "finance"))
LEFT_OPEN = "重点特种设备定期检验率"  # a match that nobody has confirmed yet
YEAR = 2021
END = date(2022, 2, 28)


def load(entities: int = 30_000, progress: Progress = no_progress) -> Organisation:
    """Load the sample bureau and return its department. All names are made up."""
    with acting("sample"):
        steps = ("组织与账号", "目标与批复", "台账", "监控与自评", "重点评价", "双随机", "保障与公开")
        progress(steps[0], 0, len(steps))
        _district, department, people = _organisations()
        with scratch_folder() as scratch:
            folder = scratch
            progress(steps[1], 1, len(steps))
            documents = write_documents(folder / "documents")
            _targets(documents["docx"], department, people)
            progress(steps[2], 2, len(steps))
            for path in write_ledgers(folder / "ledgers", entities=entities):
                import_ledger(
                    evidence.store().root,
                    path,
                    department=department.code,
                    label=department.name,
                    good_rows=True,
                    marked_in=folder / "marked",
                    who="keyuan",
                    cipher=cipher(),
                    agreed=True,
                )
            progress(steps[3], 3, len(steps))
            _year(department, people, documents["docx"], folder)
            progress(steps[4], 4, len(steps))
            _key_evaluation(department, people)
            progress(steps[5], 5, len(steps))
            _draw(department, people, folder)
            progress(steps[6], 6, len(steps))
            _safeguards(department, people)
        return department


def load_portfolio(count: int, progress: Progress = no_progress, seed: int = 2021) -> dict[str, object]:
    """Load ``count`` small departments into the sample district: documents as a zip, ledgers,
    and their assessment.
    """
    district = Organisation.objects.get(kind="district")
    user = User.objects.get(username="caizheng")
    with acting("caizheng"), scratch_folder() as scratch:
        progress("生成各部门文件与台账", 0, 1)
        archive, ledgers = write_portfolio(scratch, count, seed)
        for n, name in enumerate(names(count), start=1):
            if not Organisation.objects.filter(parent=district, name=name).exists():
                office.found(name, office.Kind.DEPARTMENT, district, official_code=str(306000 + n))
        for path in ledgers:
            import_ledger(
                evidence.store().root,
                path,
                department=district.code,
                label=district.name,
                known={d.name: d.code for d in district.children.filter(kind="department")},
                good_rows=True,
                marked_in=scratch,
                who="caizheng",
                cipher=cipher(),
                agreed=True,
            )
        # Who brings the texts can't approve them.
        writer, checker = (_member(name, shown, role, district) for name, shown, role in DEPARTMENTS)
        upload = Upload.keep(archive.read_bytes(), archive.name, "archive", district, writer)
        taken = archives.take_archive(upload, district, YEAR, writer, progress)
        _approve_all(district, writer, checker, user)
        assessing.assess_all(district, YEAR, progress)
        # All but one department had its measures confirmed, so that a total without a grade can be seen.
        for name in names(count)[1:]:
            place = Organisation.objects.get(parent=district, name=name)
            if (kept := records.newest_assessment(place, YEAR)) is not None:
                _confirm_proposals(place, kept.run, checker)
        return taken | {"assessed": assessing.assess_all(district, YEAR, progress)}


def _approve_all(district: Organisation, writer: User, checker: User, bureau: User) -> None:
    """Take every draft of the small departments through to approval; what the conditions refuse stays a
    draft.
    """
    drafts = SheetVersion.objects.filter(sheet__department__parent=district, sheet__year=YEAR, state="draft")
    for version in drafts.select_related("sheet__department"):
        try:
            with acting(writer.get_username()):
                version = confirm(version)
            advance(writer, version, "targets.submit", said={"despite": True})
        except ZhunshengError:
            continue
        advance(checker, version, "targets.check")
        advance(bureau, version, "targets.approve")


def _member(username: str, shown: str, role: str, place: Organisation) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        user = User(username=username, display=shown)
        user.set_password(PASSWORD)
        user.save()
        Membership.objects.create(user=user, organisation=place, role=role)
    return user


def _organisations() -> tuple[Organisation, Organisation, dict[str, User]]:
    city = office.found("示例市", "city", None)
    district = office.found("示例区", "district", city)
    department = office.found(bureau()["department"], "department", district, official_code="305001")
    sections = [office.found(n, "section", department) for n in ("综合科", "消费者权益保护科", "财务科")]
    places = {
        "keyuan": sections[0],
        "keyuan2": sections[1],
        "caiwu": sections[2],
        "caiwu2": sections[2],
        "juzhang": department,
        "caizheng": district,
        "caizheng2": district,
        "zhuanjia1": district,
        "zhuanjia2": district,
        "shenji": district,
        "guanli": city,
    }
    roles = {
        "keyuan": "staff",
        "keyuan2": "staff",
        "caiwu": "finance",
        "caiwu2": "finance",
        "juzhang": "head",
        "caizheng": "bureau",
        "caizheng2": "bureau",
        "zhuanjia1": "evaluator",
        "zhuanjia2": "evaluator",
        "shenji": "auditor",
        "guanli": "admin",
    }
    shown = {
        "keyuan": "科员甲",
        "keyuan2": "科员乙",
        "caiwu": "财务甲",
        "caiwu2": "财务乙",
        "juzhang": "局长甲",
        "caizheng": "财政甲",
        "caizheng2": "财政乙",
        "zhuanjia1": "专家甲",
        "zhuanjia2": "专家乙",
        "shenji": "审计甲",
        "guanli": "管理员",
    }
    people, password = {}, make_password(PASSWORD)
    for n, (username, _role, _what) in enumerate(ACCOUNTS):
        user = User(username=username, display=shown[username], phone=f"1990002{n:04d}", password=password)
        user.save()
        Membership.objects.create(user=user, organisation=places[username], role=roles[username])
        people[username] = user
    # The plan's own dates are the checkpoints; the self-evaluation follows the year.
    for name, as_of, opens, due in (
        ("一季度", date(YEAR, 3, 31), date(YEAR, 4, 1), date(YEAR, 4, 15)),
        ("上半年", date(YEAR, 6, 30), date(YEAR, 7, 1), date(YEAR, 7, 15)),
        ("前十个月", date(YEAR, 10, 31), date(YEAR, 11, 1), date(YEAR, 11, 15)),
    ):
        CalendarEntry.objects.create(
            organisation=district,
            year=YEAR,
            kind="monitoring",
            name=name,
            as_of=as_of,
            opens_on=opens,
            due_on=due,
        )
    CalendarEntry.objects.create(
        organisation=district,
        year=YEAR,
        kind="self",
        name="2021年度绩效自评",
        as_of=END,
        opens_on=date(2022, 1, 10),
        due_on=date(2022, 3, 31),
    )
    for project in bureau()["projects"]:
        for level1, level2, name, description, target, basis in project["indicators"]:
            LibraryIndicator.objects.get_or_create(
                level2=level2,
                name=name,
                defaults={"level1": level1, "description": description, "target": target, "basis": basis},
            )
    return district, department, people


def _targets(document: Path, department: Organisation, people: dict[str, User]) -> None:
    upload = Upload.keep(document.read_bytes(), document.name, "document", department, people["keyuan"])
    for version in take_document(upload, department, YEAR, people["keyuan"]):
        with acting("keyuan"):
            advance(people["keyuan"], version, "targets.submit")
        with acting("caiwu"):
            advance(people["caiwu"], version, "targets.check", "指标可衡量，同意上报")
        with acting("caizheng"):
            advance(people["caizheng"], version, "targets.approve", "同意")
        if version.sheet.kind == "project":
            with acting("caiwu"):
                asked = acts.ask("targets", version, people["caiwu"])
            with acting("juzhang"):
                acts.decide(asked, people["juzhang"], "publish.approve")
    # Next year's draft, so that drafts, findings and editing can be tried.
    start_from_last_year(department, YEAR + 1, people["keyuan"])


def _year(department: Organisation, people: dict[str, User], document: Path, folder: Path) -> None:
    entries = calendar.calendar_of(department, YEAR, "monitoring")
    for entry in entries[:2]:
        checkpoint = filling.open_checkpoint(entry, department, people["caiwu"])
        assert checkpoint.assessment is not None
        # One is left to a person, so that a proposal can be seen and tried.
        _confirm_proposals(department, checkpoint.assessment.run, people["caiwu"], but=LEFT_OPEN)
        for sheet, indicator in records.unexplained(checkpoint):
            words = {"cause": "其他", "measures": "按计划推进，下季度补齐"}
            keep_word(checkpoint, sheet, indicator, people["keyuan"], None, **words)
        filling.fill_checkpoint(checkpoint, tables=True)
        advance(people["keyuan"], checkpoint, "monitoring.submit")
        advance(people["caiwu"], checkpoint, "monitoring.confirm")
    filling.open_checkpoint(entries[2], department, people["caiwu"])
    evaluation = filling.open_self_evaluation(department, YEAR, people["caiwu"])
    assert evaluation.assessment is not None
    for said in bureau()["judgements"]:
        for one in evaluation.assessment.run.results:
            if said.get("sheet") not in (None, one.sheet):
                continue
            for line in (i for i in one.indicators if i.name == said["indicator"]):
                own = ("cause", "measures", "target_low", "reason", "band", "share")
                values: dict[str, Any] = {
                    k: Decimal(v) if k == "share" else v for k, v in said.items() if k in own
                }
                keep_word(evaluation, one.id, line.id, people["keyuan"], None, **values)
    filling.fill_self_evaluation(evaluation)
    for sheet, indicator in records.unexplained(evaluation):
        words = {"cause": "其他", "measures": "查明未完成的原因，下一年度列入重点督办"}
        keep_word(evaluation, sheet, indicator, people["keyuan"], None, **words)
    filling.fill_self_evaluation(evaluation)
    figures.assess_now(department, YEAR)
    asked = question.Question(department, YEAR, END, None, words=False)
    cards = [r.card for r in asked.answer(evidence.opened()).results]
    reported = folder / "2021年绩效自评表（上报）.xlsx"
    write_reported(cards, reported)
    evaluation.reported = Upload.keep(
        reported.read_bytes(), reported.name, "document", department, people["keyuan"]
    )
    evaluation.save()


def _confirm_proposals(department: Organisation, run: Run, user: User, *, but: str = "") -> None:
    """Confirm what the system proposes, all but the indicator of one name."""
    book = lookup.book_in_force(department, YEAR, END)
    found = [line for line in matching.lines(department, book, run) if line.decision is None]
    for line in found:
        if line.indicator.match.status == "proposed" and line.indicator.name != but:
            matching.confirm(
                department, book, line.sheet.id, line.indicator.id, line.indicator.match.measure or "", user
            )


def _key_evaluation(department: Organisation, people: dict[str, User]) -> None:
    sheet = next(s for s in lookup.sheets_of(department, YEAR) if s.kind == "project")
    framework = key_frameworks()[0]
    experts = [people["zhuanjia1"], people["zhuanjia2"]]
    made = keyeval.start(sheet, framework.methods[1], experts, people["caizheng"])
    given = {
        row.code: ((row.points * Decimal("0.9")).quantize(Decimal("0.01")), "资料齐全，个别环节滞后")
        for row in framework.rows
    }
    made = keyeval.keep_marks(made, experts[0], given, finish=True)
    keyeval.add_rectification(
        made,
        people["caizheng"],
        "第三季度举报办结率偏低，办理时限没有预警",
        "消费者权益保护科",
        date(2022, 6, 30),
    )


def _draw(department: Organisation, people: dict[str, User], folder: Path) -> None:
    for item, basis in zip(
        plan()["items"], ("《企业信息公示暂行条例》", "《市场主体登记管理条例》"), strict=True
    ):
        InspectionItem.objects.create(
            department=department, code=item["code"], name=item["name"], basis=basis
        )
    for n, person in enumerate(inspectors(YEAR), start=1):
        Inspector.objects.create(
            department=department,
            number=person["id"],
            name=f"检查员{n}",
            certified=person["certified"],
            districts=person["districts"],
            items=person["items"],
        )
    # An earlier one first, whose randomness is a beacon's: anyone can prove it.
    earlier = demo_beacon_draw(folder / "beacon", evidence.store().root, YEAR)
    proved = _adopted(
        department, people, earlier, beacon_plan(), date(YEAR - 1, 7, 20), date(YEAR - 1, 9, 30)
    )
    acts.decide(acts.ask("draw", proved, people["caiwu"]), people["juzhang"], "publish.approve")
    done = demo_draw(folder / "draw", evidence.store().root, YEAR)
    draw = _adopted(department, people, done, plan(), date(YEAR, 2, 25), date(YEAR, 6, 30))
    for n, task in enumerate(draw.tasks.all()[:40]):
        result = ("未发现问题", "未发现问题", "发现问题已责令改正", "通过登记的住所无法联系")[n % 4]
        results.keep_result(task, people["keyuan"], date(YEAR, 3, 10 + n % 20), result, "", date(YEAR, 4, 20))
    for kind in ("draw", "results"):
        acts.decide(acts.ask(kind, draw, people["caiwu"]), people["juzhang"], "publish.approve")


def _adopted(
    department: Organisation,
    people: dict[str, User],
    done: DrawDemo,
    planned: dict[str, Any],
    on: date,
    ends: date,
) -> Draw:
    """Take over a draw of the sample as the site takes over any that the command made."""
    draw = Draw.objects.create(
        department=department,
        code=planned["id"],
        title=planned["title"],
        plan=planned,
        frame_on=on,
        ends_on=ends,
        digest=done.digest,
        frame_count=done.frame,
        drawn_count=done.drawn,
        first_by=people["keyuan"],
        second_by=people["keyuan2"],
        created_by=people["keyuan"],
    )
    note(people["keyuan"], draw, "draws.plan", after="planned")
    return performing.adopt(draw, done.folder, people["keyuan"])


def _safeguards(department: Organisation, people: dict[str, User]) -> None:
    said = """\
policies,policy_no=示市监〔2020〕12号,title=预算绩效管理办法,kind=预算绩效,in_force_on=2020-06-01
policies,policy_no=示市监〔2019〕8号,title=专项资金管理办法,kind=资金管理,in_force_on=2019-03-01
policies,policy_no=示市监〔2018〕5号,title=固定资产管理制度,kind=资产管理,in_force_on=2018-05-01
milestones,project=市场秩序监督管理及食品安全经费,step=签订抽检合同,planned_on=2021-03-20,done_on=2021-03-18,amount=80000
milestones,project=市场秩序监督管理及食品安全经费,step=项目验收,planned_on=2021-12-20,amount=100000
assets,asset_no=GD-0001,name=快速检测仪,value=68000,registered_on=2021-04-12,place=检测室
assets,asset_no=GD-0002,name=执法记录仪（20台）,value=36000,registered_on=2021-05-06,place=执法大队
audits,source=审计,finding=个别支出未按计划日期执行,owner=综合科,due_on=2022-03-31
training,activity_no=PX-01,topic=业务能力,title=预算绩效管理培训,held_on=2021-04-15,place=会议室,people=46
publicity,activity_no=XC-01,topic=食品安全,title=食品安全进校园,held_on=2021-06-10,place=第一中学,people=300
research,activity_no=DY-01,topic=市场秩序,title=网络交易秩序调研,held_on=2021-08-20,people=8"""
    for line in csv.reader(io.StringIO(said)):
        register = registers.registers()[line[0]]
        data = registers.cleaned(register, dict(part.split("=", 1) for part in line[1:]))
        record = SafeguardRecord.objects.create(
            department=department,
            register=register.id,
            data=data,
            due_on=registers.due_of(register, data),
            created_by=people["keyuan"],
        )
        note(people["keyuan"], record, "safeguards.record", after="open")
        if register.id == "assets":

            def asked(now: SafeguardRecord) -> None:
                now.request = "登记入账"

            advance(people["keyuan"], record, "safeguards.request", change=asked)
            if data["asset_no"] == "GD-0001":
                advance(people["juzhang"], record, "safeguards.approve", "同意入账")
