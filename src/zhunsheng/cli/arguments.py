"""What several commands take: their arguments and options, and how what stands there as text is read."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from zhunsheng.clock import moment_of, today
from zhunsheng.clusters import Kind
from zhunsheng.draws.spec import digest_fault, typed_digest
from zhunsheng.errors import ZhunshengError
from zhunsheng.translation import worded

DEFAULT_STORE = Path("zhunsheng-evidence")


def store_folder(place: str | Path) -> Path:
    """Return the folder of a store that a path names, or ``s3://bucket/prefix`` (its mirror here).
    Raises ``ZS-EV-91``, ``-99``.
    """
    if not str(place).startswith("s3:"):
        return Path(place)
    # Only here: what reads ledgers takes a while to load.
    from zhunsheng.evidence.mirror import folder_of

    return folder_of(str(place))


# Documents of targets.
FORMATS = "docx、doc、wps、xlsx、xls、et、ods、csv、pdf、ofd、rtf、html、mht、txt"
Document = Annotated[Path, typer.Argument(metavar="文件", help=f"绩效目标文件（{FORMATS}）")]
DocumentOrMany = Annotated[
    Path,
    typer.Argument(metavar="文件", help=f"绩效目标文件（{FORMATS}），或放着这些文件的文件夹、zip"),
]
Documents = Annotated[list[Path], typer.Argument(metavar="文件...", help="绩效目标文件，可以多个")]
PreviousFile = Annotated[
    Path | None, typer.Option("--previous", metavar="文件", help="上年的绩效目标文件，用于比较")
]
LayoutsFile = Annotated[
    Path | None,
    typer.Option("--layouts", metavar="文件", help="已确认的版式（yaml 或 json），有的表按它读"),
]
AnswersFile = Annotated[
    Path | None,
    typer.Option("--answers", metavar="文件", help="核对单（yaml 或 json）：须核对之处核对的结果"),
]
BasesFile = Annotated[
    Path | None,
    typer.Option("--bases", metavar="文件", help="本地依据（yaml）：规则在本地依据哪个文件"),
]
AnswersFiles = Annotated[
    list[Path] | None,
    typer.Option("--answers", metavar="文件", help="核对单（yaml 或 json），可以多个；没有核对的不计分"),
]
# The evidence.
StoreDir = Annotated[
    Path,
    typer.Option(
        "--store",
        metavar="目录",
        help="证据库：目录，或 s3://桶/前缀",
        envvar="ZHUNSHENG_STORE",
        parser=store_folder,
    ),
]
EvidenceDir = Annotated[
    Path,
    typer.Option("--evidence", metavar="目录", help="证据库：目录，或 s3://桶/前缀", parser=store_folder),
]
EvidenceOrFolder = Annotated[
    Path,
    typer.Option(
        "--evidence",
        metavar="目录",
        help="证据库：目录，或 s3://桶/前缀；或放着台账文件（xlsx、csv）的文件夹",
        parser=store_folder,
    ),
]
EngineName = Annotated[
    Kind,
    typer.Option(
        "--engine",
        metavar="引擎",
        help="在哪里计算：duckdb（本机）或 spark（数字相同）",
        envvar="ZHUNSHENG_ENGINE",
    ),
]
EngineUrl = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="地址",
        help="spark://主机:端口；各节点要能以同一路径读到证据库",
        envvar="ZHUNSHENG_ENGINE_URL",
    ),
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="日期", help="截至哪一天（含当日），如 2021-10-31；缺省为今天"),
]
AsOfBatch = Annotated[int | None, typer.Option("--batch", metavar="批次", help="按这个批次时的证据库计算")]
DepartmentName = Annotated[
    str | None,
    typer.Option(
        "--department", metavar="部门", help="部门代码、名称，或“代码=名称”；证据库里有多个部门时必填"
    ),
]
Begun = Annotated[
    str | None,
    typer.Option(
        "--begun", metavar="日期", help="本部门年中设立或接手的，自哪一天起计，如 2021-09-01；此前不作要求"
    ),
]
MappingFile = Annotated[
    Path | None, typer.Option("--mapping", metavar="文件", help="指标与测度的对照文件（yaml）")
]
JudgementFile = Annotated[
    Path | None, typer.Option("--judgements", metavar="文件", help="定性评定、偏差原因与说明（yaml）")
]
MeasureFiles = Annotated[
    list[Path] | None, typer.Option("--measures", metavar="文件", help="本地测度文件（yaml），可以多个")
]
SchemeFile = Annotated[
    Path | None,
    typer.Option("--scheme", metavar="方案", help="本地评分方案的代号，或方案文件（yaml），代替全国方案"),
]
OtherSchemes = Annotated[
    list[Path] | None,
    typer.Option("--beside", metavar="方案", help="另一评分方案的代号或文件，得分并列，可以多个"),
]
ReportedFile = Annotated[
    Path | None, typer.Option("--reported", metavar="文件", help="上报的自评表，用来复核")
]
# Draws.
BundleFile = Annotated[Path, typer.Argument(metavar="抽查包", help="抽查包.zip")]
AnnouncedDigest = Annotated[
    str | None, typer.Option("--commitment", metavar="摘要", help="事先公布的承诺摘要")
]
LogFile = Annotated[Path, typer.Argument(metavar="承诺记录", help="公布的承诺记录.jsonl")]
# Answers.
OutDir = Annotated[Path, typer.Option("--out", metavar="目录", help="写到哪个目录")]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON")]


def day(text: str | None) -> date:
    """Return a date written as ISO, the office's today without one. Raises ``ZS-CL-01``."""
    if text is None:
        return today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ZhunshengError(
            "ZS-CL-01", detail=worded("“{text}”不是日期，应写成 2021-10-31", text=text)
        ) from None


def moment(text: str | None) -> datetime | None:
    """Return a time written as ISO, the office's where it says no zone, of a day its end; None without one.
    Raises ``ZS-CL-01``.
    """
    if text is None:
        return None
    try:
        return moment_of(text)
    except ValueError:
        raise ZhunshengError(
            "ZS-CL-01", detail=worded("“{text}”不是时间，应写成 2021-10-31T12:00:00+08:00", text=text)
        ) from None


def announced(text: str | None) -> str | None:
    """Return a commitment's digest as it was announced, None where none was given. Raises ``ZS-CL-01``."""
    if text is None:
        return None
    if why := digest_fault(text):
        raise ZhunshengError("ZS-CL-01", detail=worded("--commitment：{why}", why=why))
    return typed_digest(text)
