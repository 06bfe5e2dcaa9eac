"""Seeded ledgers of a made-up district bureau for 2021, with the imperfections of real ones, at any size."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import xlsxwriter

from zhunsheng.evidence.ledgers import Ledger, ledger_of
from zhunsheng.text import AS_TEXT

YEAR = 2021
MARKET = "市场秩序监督管理及食品安全经费"
QUALITY = "产品质量安全与标准化认证认可监督管理"
CARRIED = 52_000  # of the first project's budget (元), carried over from the year before
MAX_EXCEL_ROWS = 60_000  # larger ledgers come as csv, as from a registration system
DISTRICTS = ("东湖所", "中心所", "城关所", "开发区所", "柳林所", "北山所")

# A uniform number in [0, 1) that depends only on the seed, the salt and the row,
# on any version of the engine.
_SETUP = """
CREATE MACRO u(salt, i) AS (md5_number_lower('{seed}:' || salt || ':' || i) % 1000000) / 1000000.0;
CREATE MACRO pick(salt, i, list) AS list[1 + CAST(floor(u(salt, i) * len(list)) AS INTEGER)];
CREATE MACRO day(salt, i, start, days) AS start + CAST(floor(u(salt, i) * days) AS INTEGER);
CREATE MACRO code(head, i) AS head || '130190' || lpad(CAST(i AS VARCHAR), 9, '0');
CREATE MACRO checked(c) AS c || substr('0123456789ABCDEFGHJKLMNPQRTUWXY',
  1 + CAST((31 - list_sum(list_transform(range(1, 18),
    lambda k: CAST(substr(c, CAST(k AS INTEGER), 1)
      AS INTEGER) * [1,3,9,27,19,26,16,17,20,29,25,13,8,24,10,30,28][k])) % 31) % 31 AS BIGINT), 1);
CREATE TABLE e AS SELECT i, CASE WHEN u('type', i) < 0.39 THEN '企业' WHEN u('type', i) < 0.40
  THEN '农民专业合作社' ELSE '个体工商户' END AS type,
    CASE WHEN u('new', i) < 0.05 THEN day('reg', i, DATE '2021-01-01', 364) ELSE day('reg', i,
      DATE '2006-01-01', 5479) END AS registered_on
    FROM range(1, {entities} + 1) t(i);
CREATE TABLE entities AS SELECT i, checked(code(CASE type WHEN '企业' THEN '91' WHEN '农民专业合作社'
  THEN '93' ELSE '92' END, i)) AS credit_code,
    '示例区' || pick('a', i, ['恒', '顺', '盛', '安', '永', '嘉', '宏', '瑞']) || pick('b', i,
      ['达', '通', '源', '和', '信', '丰', '泰', '益']) || i ||
      CASE type WHEN '企业' THEN '号有限公司' WHEN '农民专业合作社' THEN '号农民专业合作社' ELSE '号商店' END
        AS name,
    type, registered_on,
    CASE WHEN u('dereg', i) < 0.02 AND registered_on < DATE '2020-06-01' THEN day('dd', i, DATE '2021-01-04',
      350) END AS deregistered_on,
    CASE WHEN u('class', i) < 0.45 THEN 'A' WHEN u('class', i) < 0.85 THEN 'B' WHEN u('class', i) < 0.97
      THEN 'C' ELSE 'D' END AS credit_class,
    type = '企业' AND u('food', i) < 0.016 AND registered_on < DATE '2021-01-01' AS food_producer,
    -- a few were revoked or moved, of two of them nobody wrote when
    CASE WHEN u('rev', i) < 0.0040 AND u('dereg', i) >= 0.02 AND registered_on < DATE '2019-01-01'
      THEN day('rd', i, DATE '2021-02-01', 320) END AS revoked_on,
    CASE WHEN u('in', i) < 0.0015 AND registered_on < DATE '2019-01-01'
      THEN day('id', i, DATE '2021-01-11', 340) END AS moved_in_on,
    CASE WHEN u('out', i) < 0.0012 AND u('dereg', i) >= 0.02 AND u('in', i) >= 0.0015
      AND registered_on < DATE '2020-06-01' THEN day('od', i, DATE '2021-01-11', 340) END AS moved_out_on,
    CASE WHEN deregistered_on IS NOT NULL THEN '注销' WHEN revoked_on IS NOT NULL OR u('unsaid', i) < 0.0002
      THEN '吊销' WHEN moved_out_on IS NOT NULL THEN '迁出' ELSE '在册' END AS status,
    CASE WHEN food_producer AND u('nolicence', i) >= 0.02
      THEN least(registered_on + 30, DATE '2020-12-01') END AS licence_from,
    CASE WHEN food_producer AND u('nolicence', i) >= 0.02
      THEN day('lt', i, DATE '2021-09-20', 1800) END AS licence_to,
    CASE WHEN food_producer THEN CASE WHEN u('grade', i) < 0.4 THEN 'A' WHEN u('grade', i) < 0.8 THEN 'B'
      WHEN u('grade', i) < 0.95 THEN 'C' ELSE 'D' END END AS risk_grade,
    CASE credit_class WHEN 'A' THEN 1 WHEN 'B' THEN 2 WHEN 'C' THEN 3 ELSE 4 END AS visit_ceiling,
    pick('district', i, {districts}) AS district, '示例区示例路' || (i % 900 + 1) || '号' AS address,
    '样本' || i AS legal_person, '1990000' || lpad(CAST(i % 10000 AS VARCHAR), 4, '0') AS phone FROM e;
"""

_QUERIES = {
    "entities": "SELECT credit_code, name, type, registered_on, deregistered_on, credit_class, "
    "food_producer, district, address, legal_person, phone, status, revoked_on, moved_in_on, moved_out_on, "
    "licence_from, licence_to, risk_grade, visit_ceiling FROM entities ORDER BY i",
    # Nine in ten companies report on time, too few individual businesses; some file after the deadline. The
    # year before stands there too, by which the pace of this one is told: most came towards the end.
    "annual_reports": """SELECT credit_code, report_year, filed_on FROM (
      SELECT i, credit_code, 2020 AS report_year, CASE WHEN u('late', i) < 0.03
      THEN day('lateday', i, DATE '2021-07-01', 120)
        ELSE day('onday', i, DATE '2021-01-04', 177) END AS filed_on FROM entities
        WHERE registered_on < DATE '2021-01-01' AND u('filed', i) < CASE type WHEN '企业' THEN 0.935
          WHEN '农民专业合作社' THEN 0.93 ELSE 0.79 END
        UNION ALL SELECT i, credit_code, 2019, DATE '2020-01-02'
          + CAST(floor(180 * pow(u('before', i), 0.75)) AS INTEGER) FROM entities
        WHERE registered_on < DATE '2020-01-01' AND u('filedb', i) < CASE type WHEN '企业' THEN 0.92
          WHEN '农民专业合作社' THEN 0.91 ELSE 0.78 END) ORDER BY report_year DESC, i""",
    "inspections": """SELECT 'SJ-2021-' || lpad(CAST(1 + i % 6 AS VARCHAR), 2, '0') AS task_no, credit_code,
      CASE WHEN u('joint', i) < 0.2 THEN '跨部门联合' ELSE '双随机' END AS kind,
        '公示信息与登记事项检查' AS item, day('insp', i, DATE '2021-03-08', 262) AS inspected_on,
          '检查员' || (1 + i % 17) || '、检查员' || (18 + i % 13) AS inspectors,
        CASE WHEN u('res', i) < 0.82 THEN '未发现问题' WHEN u('res', i) < 0.9 THEN '通过登记的住所无法联系'
          WHEN u('res', i) < 0.96 THEN '发现问题已责令改正' ELSE '未按规定公示应当公示的信息' END AS result,
        CASE WHEN u('pub', i) < 0.97 THEN day('insp', i, DATE '2021-03-08', 262) + 14 END AS published_on,
        CAST(NULL AS BOOLEAN) AS all_points
        FROM entities WHERE u('drawn', i) < 0.037 AND deregistered_on IS NULL
          AND registered_on < DATE '2021-03-01'
        UNION ALL SELECT 'SP-2021-01', credit_code, '专项检查', '食品生产许可条件检查',
          day('food', i, DATE '2021-02-22', 290), '检查员' || (1 + i % 17) || '、检查员' || (18 + i % 13),
        CASE WHEN u('fres', i) < 0.9 THEN '未发现问题' ELSE '发现问题已责令改正' END, NULL, u('all', i) < 0.8
          FROM entities WHERE food_producer AND u('fi', i) < 0.955
        UNION ALL SELECT 'SP-2020-01', credit_code, '日常检查', '食品生产监督检查',
          day('food20', i, DATE '2020-03-02', 290), '检查员' || (1 + i % 17) || '、检查员' || (18 + i % 13),
        '未发现问题', NULL, u('all20', i) < 0.9 FROM entities
          WHERE food_producer AND registered_on < DATE '2020-01-01' AND u('fi20', i) < 0.6""",
    # The third quarter was slow: more than a tenth of its reports stayed open.
    "complaints": """SELECT 'TJ2021' || lpad(CAST(i AS VARCHAR), 7, '0') AS complaint_no, CASE
      WHEN u('ck', i) < 0.35 THEN '举报' ELSE '投诉' END AS kind, day('cr', i, DATE '2021-01-02', 350)
      AS received_on,
        day('cr', i, DATE '2021-01-02', 350) + CAST(1 + floor(u('ca', i) * 6) AS INTEGER) AS accepted_on,
        CASE WHEN u('cc', i) < CASE WHEN quarter(day('cr', i, DATE '2021-01-02', 350)) = 3 THEN 0.88
          ELSE 0.957 END
          THEN least(day('cr', i, DATE '2021-01-02', 350) + CAST(8 + floor(u('cd', i) * u('cd2', i) * 80)
            AS INTEGER), DATE '2022-01-20') END AS closed_on,
        CASE WHEN u('cc', i) < 0.88 THEN pick('co', i,
          ['立案查处', '不予立案', '调解成功', '终止调解', '移送其他部门']) END AS outcome,
        pick('cs', i, ['消费者权益保护科', '综合执法大队', '食品科', '网监科']) AS section, '诉求人' || i
          AS complainant, '1990001' || lpad(CAST(i % 10000 AS VARCHAR), 4, '0') AS phone FROM range(1,
          {complaints} + 1) t(i)""",
    "cases": """SELECT '示市监立〔2021〕' || i || '号' AS case_no,
      pick('as', i, ['监督检查', '举报投诉', '上级交办', '其他部门移送', '抽检不合格']) AS source,
      day('af', i, DATE '2021-01-05', 345) AS filed_on,
        CASE WHEN u('ad', i) < 0.93 THEN day('af', i, DATE '2021-01-05',
          345) + CAST(15 + floor(u('al', i) * 60) AS INTEGER) END AS decided_on,
        CASE WHEN u('ad', i) < 0.85 AND u('dk', i) >= 0.12 THEN day('af', i, DATE '2021-01-05',
          345) + CAST(80 + floor(u('ax', i) * 40) AS INTEGER) END AS executed_on,
        CASE WHEN u('ad', i) < 0.93 AND u('dk', i) >= 0.12 THEN CAST(500 + floor(u('ap', i) * u('ap2', i)
          * 60) * 500 AS DECIMAL(18,2)) END AS penalty, '当事人' || i AS party,
        CASE WHEN u('ad', i) >= 0.93 THEN NULL WHEN u('dk', i) >= 0.12 THEN '行政处罚' ELSE pick('dn', i,
          ['违法轻微不予处罚', '违法轻微不予处罚', '违法事实不成立', '移送其他部门', '移送司法机关',
          '撤销案件', '终止调查']) END AS decision,
        -- closed soon after it was executed, or decided where there is nothing to execute
        CASE WHEN u('cl', i) < 0.94 THEN CASE WHEN u('dk', i) < 0.12 AND u('ad', i) < 0.93
            THEN day('af', i, DATE '2021-01-05', 345)
              + CAST(15 + floor(u('al', i) * 60) AS INTEGER)
          WHEN u('ad', i) < 0.85 THEN day('af', i, DATE '2021-01-05', 345)
            + CAST(80 + floor(u('ax', i) * 40) AS INTEGER) END
          + CAST(3 + floor(u('cw', i) * 14) AS INTEGER) END AS closed_on,
        pick('am', i, ['无照经营', '无照经营', '传销', '违规直销', '虚假违法广告', '虚假违法广告',
          '不正当竞争', '商标侵权', '商标侵权', '假冒专利', '地理标志', '劣质散煤', '食品', '食品', '食品',
          '产品质量', '产品质量', '特种设备', '价格', '其他']) AS matter FROM range(1, {cases} + 1) t(i)""",
    # Tests of what was seized, hearings of graver cases, tests during a mediation stop the clock.
    "suspensions": """SELECT '案件台账' AS register, '示市监立〔2021〕' || i || '号' AS number,
        CASE WHEN i % 25 = 3 THEN '检验检测检疫鉴定' ELSE '听证' END AS reason,
        day('af', i, DATE '2021-01-05', 345) + 5 AS stopped_on,
        day('af', i, DATE '2021-01-05', 345) + CAST(12 + floor(u('pa', i) * 25) AS INTEGER)
          AS resumed_on,
        '示市监检〔2021〕' || i || '号' AS paper
        FROM range(1, {cases} + 1) t(i) WHERE i % 25 = 3 OR i % 40 = 7 OR ({cases} < 3 AND i = 1)
      UNION ALL SELECT '投诉举报台账', 'TJ2021' || lpad(CAST(i AS VARCHAR), 7, '0'), '检验检测检疫鉴定',
        day('cr', i, DATE '2021-01-02', 350) + 7,
        day('cr', i, DATE '2021-01-02', 350) + CAST(14 + floor(u('pc', i) * 20) AS INTEGER),
        '示市监鉴〔2021〕' || i || '号'
        FROM range(1, {complaints} + 1) t(i) WHERE i % 200 = 9""",
    "samples": """SELECT 'CJ2021' || lpad(CAST(i AS VARCHAR), 6, '0') AS batch_no,
      CASE WHEN i % 8 = 3 THEN pick('sg', i, ['食用植物油', '糕点', '熟肉制品', '白酒']) ELSE
      pick('sp', i, ['插座', '电线电缆', '儿童玩具', '建筑钢材', '车用汽油', '食品用纸', '散煤', '水泥']) END
      AS product, '生产单位' || (1 + i % 83) AS producer,
        CASE WHEN u('sf', i) < 0.4 THEN '生产' ELSE '流通' END AS field, day('sd', i, DATE '2021-03-01', 270)
          AS planned_on,
        CASE WHEN u('st', i) < 0.962 THEN day('sd', i, DATE '2021-03-01', 270) + CAST(floor(u('sl', i) * 20)
          AS INTEGER) END AS taken_on,
        CASE WHEN u('st', i) < 0.955 THEN day('sd', i, DATE '2021-03-01',
          270) + CAST(28 + floor(u('sl', i) * 5) AS INTEGER) END AS tested_on,
        CASE WHEN u('st', i) < 0.955 THEN u('ok', i) < 0.934 END AS passed, CASE WHEN u('st', i) < 0.962
          THEN CAST(4600 + floor(u('sc', i) * 1700) AS DECIMAL(18,2)) END AS cost,
        -- one failed product in six was never followed up
        CASE WHEN u('st', i) < 0.955 AND u('ok', i) >= 0.934 AND u('fu', i) < 0.84 THEN day('sd', i,
          DATE '2021-03-01', 270) + CAST(50 + floor(u('fd', i) * 30) AS INTEGER) END AS done_on,
        '{quality}' AS project, CASE WHEN i % 8 = 3 THEN '食品' ELSE '产品' END AS category,
        CASE WHEN u('st', i) < 0.955 AND u('ok', i) >= 0.934 AND i % 8 <> 3 THEN day('sd', i,
          DATE '2021-03-01', 270) + 36 END AS ordered_on,
        CASE WHEN u('st', i) < 0.955 AND u('ok', i) >= 0.934 AND i % 8 <> 3 AND u('fu', i) < 0.8
          THEN day('sd', i, DATE '2021-03-01', 270) + CAST(82 + floor(u('fd', i) * 30)
          AS INTEGER) END AS rechecked_on
        FROM range(1, {samples} + 1) t(i)""",
    "special_equipment": """SELECT '3110130190' || lpad(CAST(i AS VARCHAR), 8, '0') AS device_no,
      pick('dk', i, ['电梯', '电梯', '电梯', '压力容器', '压力容器', '锅炉', '起重机械', '场内专用机动车辆',
      '压力管道', '大型游乐设施']) AS kind,
        u('key', i) < 0.22 AS key_device, day('due', i, DATE '2021-01-10', 350) AS due_on,
        CASE WHEN u('di', i) < 0.962 THEN day('due', i, DATE '2021-01-10', 350) - CAST(floor(u('dl', i) * 40)
          AS INTEGER)
             WHEN u('di', i) < 0.99 THEN day('due', i, DATE '2021-01-10',
               350) + CAST(3 + floor(u('dl', i) * 60) AS INTEGER) END AS inspected_on,
        CASE WHEN u('di', i) < 0.99 THEN CASE WHEN u('dr', i) < 0.95 THEN '合格' ELSE '整改后合格' END END
          AS result, pick('dd', i, {districts}) AS district,
        CASE WHEN u('es', i) < 0.03 THEN pick('ew', i, ['停用', '停用', '停用', '报废', '注销', '迁出'])
          ELSE '在用' END AS status,
        -- of every eighth that was stopped nobody wrote when
        CASE WHEN u('es', i) < 0.03 AND u('eu', i) < 0.88 THEN day('eo', i, DATE '2021-01-04', 355) END
          AS state_on FROM range(1, {devices} + 1) t(i)""",
    # Far above the target of 100: the target was set too low.
    "patents": """SELECT '2021' || lpad(CAST(1000000 + i AS VARCHAR), 9, '0') AS patent_no, CASE
      WHEN u('pk', i) < 0.2 THEN '发明' WHEN u('pk', i) < 0.75 THEN '实用新型' ELSE '外观设计' END AS kind,
        '申请人' || i AS applicant, day('pf', i, DATE '2021-01-04', 355) AS filed_on, CASE
          WHEN u('pg', i) < 0.21 THEN least(day('pf', i, DATE '2021-01-04', 355) + 120,
          DATE '2021-12-28') END AS granted_on FROM range(1, {patents} + 1) t(i)""",
    "surveys": """SELECT 'WJ2021' || lpad(CAST(i AS VARCHAR), 6, '0') AS answer_no, CASE WHEN i % 2 = 0
      THEN '2021年上半年' ELSE '2021年下半年' END AS batch, pick('sr', i, ['企业', '个体工商户', '消费者'])
      AS respondent,
        '您对本项工作是否满意' AS question, CASE WHEN u('sa', i) < 0.45 THEN '非常满意' WHEN u('sa', i) < 0.8
          THEN '满意' WHEN u('sa', i) < CASE WHEN i % 4 < 2 THEN 0.915 ELSE 0.865 END THEN '基本满意'
          WHEN u('sa', i) < 0.975 THEN '不满意' ELSE '不了解' END AS answer,
        'SF2021' || lpad(CAST(i AS VARCHAR), 6, '0') AS respondent_no,
        CASE WHEN i % 2 = 0 THEN day('sw', i, DATE '2021-06-07', 20) ELSE day('sw', i, DATE '2021-11-08',
          30) END AS answered_on, CASE WHEN i % 4 < 2 THEN '{market}' ELSE '{quality}' END AS project
          FROM range(1, {answers} + 1) t(i)""",
}


def write_ledgers(out: Path, *, seed: int = 2021, entities: int = 30_000) -> list[Path]:
    """Write all ledgers to folder ``out`` and return the files in the order they should be imported.

    The same seed and size give the same rows. Sizes other than that of 30,000 entities scale what depends on
    it.
    """
    out.mkdir(parents=True, exist_ok=True)
    scale = entities / 30_000
    sizes = {
        "complaints": 4000,
        "cases": 300,
        "samples": 600,
        "devices": 2500,
        "patents": 341,
        "answers": 800,
    }
    names = {k: max(1, round(v * scale)) for k, v in sizes.items()}
    values = {
        **names,
        "entities": entities,
        "seed": seed,
        "districts": str(list(DISTRICTS)),
        "market": MARKET,
        "quality": QUALITY,
    }
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET preserve_insertion_order = true")
    for statement in _SETUP.format(**values).split(";\n"):
        if statement.strip():
            connection.execute(statement)
    written = []
    for name, query in _QUERIES.items():
        written.append(_write_query(out, ledger_of(name), connection, query.format(**values)))
    connection.close()
    draw = random.Random(seed)
    for name, rows in _small(draw).items():
        written.append(_write_workbook(out / f"{ledger_of(name).title}.xlsx", ledger_of(name), rows))
    return written


def _write_query(out: Path, ledger: Ledger, connection: duckdb.DuckDBPyConnection, query: str) -> Path:
    columns = connection.execute(f"DESCRIBE {query}").fetchall()
    titles = {c.name: c.title for c in ledger.columns}
    if ledger.id in ("entities", "annual_reports"):
        return _write_csv(
            out / f"{ledger.title}.csv",
            connection,
            query,
            [c[0] for c in columns],
            titles,
            gbk=ledger.id == "entities",
        )
    (count,) = connection.execute(f"SELECT count(*) FROM ({query})").fetchone() or (0,)
    if count > MAX_EXCEL_ROWS:
        return _write_csv(
            out / f"{ledger.title}.csv", connection, query, [c[0] for c in columns], titles, gbk=False
        )
    rows = connection.execute(query).fetchall()
    names = [c[0] for c in columns]
    return _write_workbook(
        out / f"{ledger.title}.xlsx", ledger, [dict(zip(names, row, strict=True)) for row in rows]
    )


def _write_csv(
    path: Path,
    connection: duckdb.DuckDBPyConnection,
    query: str,
    names: Sequence[str],
    titles: dict[str, str],
    *,
    gbk: bool,
) -> Path:
    """Write a csv as a registration system exports it; GBK is still what many of them write."""
    shown = ", ".join(
        f"CASE {n} WHEN true THEN '是' WHEN false THEN '否' END AS \"{titles[n]}\""
        if n == "food_producer"
        else f'{n} AS "{titles[n]}"'
        for n in names
    )
    path_text = str(path).replace("'", "''")
    connection.execute(f"COPY (SELECT {shown} FROM ({query})) TO '{path_text}' (HEADER, DELIMITER ',')")
    if gbk and path.stat().st_size < 2**28:
        path.write_bytes(path.read_text("utf8").encode("gbk"))
    return path


def _write_workbook(path: Path, ledger: Ledger, rows: Sequence[dict[str, Any]]) -> Path:
    book = xlsxwriter.Workbook(str(path), AS_TEXT | {"constant_memory": True})
    bold = book.add_format({"bold": True, "bg_color": "#EDEDED", "border": 1})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet(ledger.title)
    names = [c.name for c in ledger.columns if any(c.name in row for row in rows[:50])]
    for n, name in enumerate(names):
        sheet.set_column(n, n, 16)
        sheet.write_string(0, n, ledger.column(name).title, bold)
    for r, row in enumerate(_dirty(ledger, rows), start=1):
        for n, name in enumerate(names):
            value = row.get(name)
            if value is None:
                continue
            if isinstance(value, bool):
                sheet.write_string(r, n, "是" if value else "否")
            elif isinstance(value, date):
                sheet.write_datetime(r, n, value, day)
            elif isinstance(value, int | float | Decimal):
                sheet.write_number(r, n, float(value))
            else:
                sheet.write_string(r, n, str(value))
    book.close()
    return path


def _dirty(ledger: Ledger, rows: Sequence[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """Add what people do to ledgers: dates as text, a few wrong cells, a row twice."""
    for n, row in enumerate(rows):
        if ledger.id == "complaints" and n % 37 == 5 and row["received_on"]:
            day = row["received_on"]
            row = {**row, "received_on": f"{day.year}年{day.month}月{day.day}日"}
        yield row
    if ledger.id == "complaints" and rows:
        yield {**rows[0], "complaint_no": "TJ2021X01", "received_on": "2021年13月4日"}
        yield {**rows[1], "complaint_no": "TJ2021X02", "kind": "咨询"}
        yield {**rows[2], "complaint_no": "TJ2021X03", "closed_on": "2020-03-01"}
        yield rows[3]
    if ledger.id == "cases" and rows:
        yield {**rows[0], "case_no": "示市监立〔2021〕补1号", "penalty": "约五千"}


def _small(draw: random.Random) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of the ledgers that have few."""
    return {
        "activities": [*_activities(draw), *_campaigns(random.Random("campaigns"))],
        "audits": _audits(draw),
        "budgets": _budgets(),
        "payments": _payments(draw),
        "procurements": _procurements(),
        "incidents": _incidents(),
        "assets": _assets(draw),
        "policies": _policies(),
        "ip_rights": _ip_rights(random.Random("ip_rights")),
        "inspection_items": _inspection_items(),
    }


def _on(draw: random.Random, month: int, low: int = 1, high: int = 28) -> date:
    """Return a day of a month, from ``low`` to ``high``."""
    return date(YEAR, month, draw.randint(low, high))


def _activities(draw: random.Random) -> list[dict[str, Any]]:
    """Return what was held, by month."""
    activities: list[dict[str, Any]] = []

    def hold(kind: str, topic: str, title: str, months: Iterable[int], project: str | None = None) -> None:
        for month in months:
            number = f"HD2021{len(activities) + 1:03d}"
            activities.append(
                {
                    "activity_no": number,
                    "kind": kind,
                    "topic": topic,
                    "title": title,
                    "held_on": _on(draw, month),
                    "place": draw.choice(["区市民中心", "东湖广场", "开发区管委会", "城关集贸市场"]),
                    "people": draw.randint(20, 260),
                    "proof": f"{number}-签到与照片.pdf",
                    "project": project,
                }
            )

    hold("宣传", "守法经营", "守法经营宣传日", (3, 6, 11), MARKET)
    hold("专项检查", "市场秩序", "市场秩序专项检查", (2, 5, 7, 10), MARKET)
    hold("专项检查", "产品质量", "重点产品专项检查", (4, 8, 11), QUALITY)
    hold("宣传", "质量标准认证", "质量与标准化认证认可宣传", (5, 9, 10, 12), QUALITY)
    hold("宣传", "知识产权", "知识产权进园区", (4, 6, 9))
    hold("行政指导", "市场秩序", "企业合规行政指导", (1, 3, 5, 6, 9, 11))
    hold("应急演练", "食品安全", "食品安全突发事件应急演练", (9,))
    hold("培训", "业务能力", "执法与预算绩效培训", (2, 4, 7, 10, 12))
    hold("调研", "业务能力", "预算绩效管理调研", (8,))
    return activities


def _campaigns(draw: random.Random) -> list[dict[str, Any]]:
    """Return what was held on coal and on pyramid selling, by month."""
    held = (("大气污染防治", "散煤治理宣传", (1, 10, 11)), ("传销与直销", "防范传销宣传", (4, 9)))
    return [
        {
            "activity_no": f"HD2021{topic[:2]}{month:02d}",
            "kind": "宣传",
            "topic": topic,
            "title": title,
            "held_on": _on(draw, month),
            "place": draw.choice(["城关集贸市场", "柳林集市", "开发区广场"]),
            "people": draw.randint(30, 150),
            "proof": f"{title}{month}月-签到与照片.pdf",
        }
        for topic, title, months in held
        for month in months
    ]


def _ip_rights(draw: random.Random) -> list[dict[str, Any]]:
    """Return trademarks, indications and help with rights; what came late in the year is not done yet."""
    kinds = (("商标注册", 46, 240), ("驰名商标推荐", 2, 0), ("地理标志", 3, 150), ("维权援助", 27, 25))
    rows = []
    for kind, count, days in kinds:
        for n in range(1, count + 1):
            started = date(YEAR, 1, 4) + timedelta(draw.randrange(350))
            took = timedelta(draw.randint(days // 3, days)) if days else None
            done = started + took if took is not None else None
            rows.append(
                {
                    "matter_no": f"{kind[:2]}2021{n:03d}",
                    "kind": kind,
                    "title": f"示例{kind[:2]}{n}",
                    "applicant": f"权利人{n}",
                    "started_on": started,
                    "done_on": done if done is not None and done < date(YEAR + 1, 1, 20) else None,
                    "section": "知识产权科",
                }
            )
    return rows


def _inspection_items() -> list[dict[str, Any]]:
    """Return the items that the bureau published; one of them when its inspections had begun."""
    items = (
        ("公示信息与登记事项检查", "《企业信息公示暂行条例》第十四条", date(YEAR - 1, 1, 15)),
        ("食品生产监督检查", "《食品安全法》第一百一十条", date(YEAR - 1, 1, 15)),
        ("食品生产许可条件检查", "《食品生产许可管理办法》", date(YEAR, 2, 24)),
    )
    return [{"item": item, "basis": basis, "published_on": day} for item, basis, day in items]


def _audits(draw: random.Random) -> list[dict[str, Any]]:
    """Return the audits of the twelve stations."""
    return [
        {
            "audit_no": f"SJ2021{n:02d}",
            "object": f"第{n}监管所",
            "fee": Decimal(draw.randint(640, 860)),
            "done_on": _on(draw, 1 + n % 12),
            "findings": (f := draw.randint(0, 3)),
            "mended_on": _on(draw, 12) if f and n % 12 < 10 else None,
            "project": MARKET,
            "mended": f - 1 if f > 1 and n % 12 >= 10 else None,
            "counted_on": date(YEAR, 12, 24) if f > 1 and n % 12 >= 10 else None,
        }
        for n in range(1, 13)
    ]


def _budgets() -> list[dict[str, Any]]:
    """Return the budgets (元) of both projects, and what was taken back."""
    given, cut = date(YEAR, 1, 18), date(YEAR, 9, 24)
    rows = (
        (MARKET, "年初批复", 348_000, given, "财政拨款"),
        (MARKET, "年初批复", CARRIED, given, "上年结转"),
        (QUALITY, "年初批复", 300_000, given, "财政拨款"),
        (QUALITY, "调减", -20_000, cut, "财政拨款"),
    )
    return [
        {
            "project": project,
            "kind": kind,
            "amount": Decimal(amount),
            "adjusted_on": day,
            "budget_year": YEAR,
            "source": source,
        }
        for project, kind, amount, day, source in rows
    ]


def _payments(draw: random.Random) -> list[dict[str, Any]]:
    """Return the payments (元) by month."""
    # Shares of the budget paid in each month: the first quarter slow, the third slower than planned.
    paces = {
        MARKET: (0, 4, 9, 11, 8, 10, 5, 7, 6, 14, 13, 9.5),
        QUALITY: (0, 0, 5, 8, 9, 11, 4, 3, 2, 12, 16, 18),
    }
    payments: list[dict[str, Any]] = []
    carried = {MARKET: Decimal(CARRIED)}  # what was carried over is spent first
    for project, pace in paces.items():
        budget = 400_000 if project == MARKET else 300_000
        for month, share in enumerate(pace, start=1):
            if share:
                amount = Decimal(str(round(budget * share / 100, 2)))
                left = carried.get(project, Decimal(0))
                carried[project] = left - amount
                payments.append(
                    {
                        "voucher": f"ZF2021{len(payments) + 1:05d}",
                        "project": project,
                        "amount": amount,
                        "paid_on": _on(draw, month, 5, 25),
                        "payee": f"收款单位{len(payments) + 1}",
                        "purpose": draw.choice(["抽检费", "宣传费", "审计费", "印刷费", "培训费"]),
                        "budget_year": YEAR,
                        "source": "上年结转" if left > 0 else "财政拨款",
                    }
                )
    return payments


def _procurements() -> list[dict[str, Any]]:
    """Return the steps of each project's procurement."""
    steps = ("需求确定", "采购公告", "合同签订", "任务执行", "项目验收")
    procurements = []
    for project, days in {
        MARKET: ((2, 10), (3, 5), (4, 2), (10, 29), (11, 26)),
        QUALITY: ((2, 24), (3, 31), (5, 12), (12, 20), (13, 14)),
    }.items():
        for step, plan, (month, day) in zip(steps, (2, 3, 4, 10, 11), days, strict=True):
            done = date(YEAR + (month > 12), (month - 1) % 12 + 1, day)
            procurements.append(
                {"project": project, "step": step, "planned_on": date(YEAR, plan, 28), "done_on": done}
            )
    return procurements


def _incidents() -> list[dict[str, Any]]:
    """Return the one incident of the year."""
    return [
        {
            "incident_no": "SG202101",
            "happened_on": date(YEAR, 7, 16),
            "kind": "食源性疾病",
            "severity": "一般",
            "dealt_on": date(YEAR, 7, 23),
        }
    ]


def _assets(draw: random.Random) -> list[dict[str, Any]]:
    """Return what the bureau has, some of it disposed of."""
    return [
        {
            "asset_no": f"GZ{n:04d}",
            "name": draw.choice(["执法记录仪", "快速检测箱", "笔记本电脑", "打印机"]),
            "value": Decimal(draw.randint(1200, 9800)),
            "registered_on": date(YEAR - draw.randint(1, 6), 3, 1) + timedelta(days=n),
            "register_approval": f"登审{n:04d}",
            "user": f"保管人{n}",
            "disposed_on": _on(draw, 10) if n % 9 == 0 else None,
            "disposal_approval": f"处审{n:04d}" if n % 9 == 0 and n != 27 else None,
        }
        for n in range(1, 61)
    ]


def _policies() -> list[dict[str, Any]]:
    """Return the rules that the bureau gave itself."""
    kinds = ("预算绩效", "资金管理", "财务管理", "资产管理", "内部监督")
    return [
        {
            "policy_no": f"示市监〔2020〕{n + 10}号",
            "title": f"{kind}办法",
            "kind": kind,
            "in_force_on": date(YEAR - 1, 6, n + 1),
        }
        for n, kind in enumerate(kinds)
    ]
