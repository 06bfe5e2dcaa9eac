"""Campaigns that last a night: ``python bench/reliability.py kills|fuzz|day|write``.

Each has a seed and counts (``--help``), prints what it came to, ends with 1 where anything did not hold,
and keeps its figures in build/bench/reliability.json after every turn; ``write`` puts them into
docs/reliability.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests")]
BEGIN, END = "<!-- figures -->", "<!-- end -->"
KINDS = {
    "import": "导入台账",
    "undo": "撤销批次",
    "draw": "抽取",
    "store migration": "证据库迁移",
    "site migration": "网站升级（migrate）",
    "backup": "备份",
    "restore": "恢复",
}
DONE = {
    "overview": "总览",
    "targets": "目标",
    "sheet": "目标表",
    "ledgers": "台账",
    "rows": "台账的行",
    "monitoring": "监控",
    "self-evaluation": "自评",
    "draws": "抽查",
    "public": "公开",
    "public log": "透明日志",
    "save a record": "登记",
    "import a ledger": "上传台账",
}
ROOM = 4 * 2**30  # bytes that the folders of the kills may take
KEPT = ROOT / "build" / "bench" / "reliability.json"


def keep(name: str, found: dict[str, Any], said: dict[str, Any], seconds: float) -> None:
    """Keep a campaign's figures beside those of the others."""
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(KEPT.read_text("utf8")) if KEPT.is_file() else {}
    run = {"day": date.today().isoformat(), "python": platform.python_version(), "cores": os.cpu_count()}
    known[name] = {"asked": said, "seconds": round(seconds), "run": run, "found": found}
    KEPT.write_text(json.dumps(known, ensure_ascii=False, indent=1), "utf8")


def run_of(said: dict[str, Any]) -> str:
    """Return when and on what a campaign ran."""
    run = said["run"]
    return f"（{run['day']}，Python {run['python']}，{run['cores']} 核，{said['seconds']:,} 秒）"


def of_kills(said: dict[str, Any]) -> str:
    """Return what came of the kills, as a table."""
    found = said["found"]
    total = sum(one["kills"] for one in found.values())
    lines = [
        "## 随时杀死",
        "",
        f"要做 {said['asked']['count']:,} 次，做了 {total:,} 次，种子 {said['asked']['seed']}{run_of(said)}。"
        "每次在一个随机的时刻以 SIGKILL 结束整组进程，随即核验；再运行同一条命令，必须办成，核验通过，"
        "与没有被杀死过的结果相同，临时文件夹和旁边没有留下任何东西。时刻有的按钟（办完所需时间的一个比例），"
        "有的按进度（所需写入次数的一个比例），有的正好在第几次建立、改名、删去文件之前，一半落在后面四成。大多数从已装好程序的进程分出，走的是命令自己"
        "的入口；约二十分之一照命令行那样另起进程，作为对照。“之间”只见于由几步组成、每步完整的（一次抽取写出"
        "几个文件，迁移有许多步）。",
        "",
        "| 命令 | 杀死 | 按钟 | 按写入 | 改名等之前 | 另起进程 | 已先办完 | 之前 | 之后 | 之间 | 不成立 |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, one in found.items():
        told = ("kills", "clock", "writes", "changes", "shell", "ended before", "before", "after", "between")
        ends = " | ".join(f"{one[k]:,}" for k in told)
        lines.append(f"| {KINDS[name]} | {ends} | {len(one['faults'])} |")
    return "\n".join([*lines, ""])


def of_fuzz(said: dict[str, Any]) -> str:
    """Return what came of the nonsense, as a table."""
    found = said["found"]
    asked = said["asked"]
    documents = sum(one["inputs"] for name, one in found.items() if name != "value")
    lines = [
        "## 乱码",
        "",
        f"要读值 {asked['values']:,} 个、文件和抽查包 {asked['documents']:,} 份，读了 "
        f"{found['value']['inputs']:,} 个、{documents:,} 份，种子 {asked['seed']}{run_of(said)}。"
        "怎样写坏见 [benchmarks-fuzz.md](benchmarks-fuzz.md)。",
        "",
        "| 种类 | 读了 | 读出 | 以代码拒绝 | 崩溃 | 停住 | 内存超出 | 最慢（秒） | 内存（MiB） |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    ends = ("inputs", "read", "refused", "crashed", "hung", "over", "slowest", "mib")
    lines += [f"| {name} | {' | '.join(f'{one[k]:,}' for k in ends)} |" for name, one in found.items()]
    return "\n".join([*lines, ""])


def of_day(said: dict[str, Any]) -> str:
    """Return what came of the day and of its backups."""
    found, asked = said["found"], said["asked"]
    memory, back = found["memory mib"], found.get("restored", {})
    kinds = "、".join(f"{DONE[k]} {n:,}" for k, n in found["by kind"].items())
    errors = "、".join(f"{k} {n}" for k, n in found["errors"].items()) or "没有"
    fraction = (memory[-1] - memory[len(memory) // 2]) / max(1, memory[len(memory) // 2])
    return "\n".join(
        [
            "## 一天的负载，备份逐份恢复",
            "",
            f"一天 {found['hours']} 小时，每小时压缩为 {found['seconds an hour']} 秒，种子 {asked['seed']}"
            f"{run_of(said)}。请求 {found['requests']:,} 次，出错：{errors}；一半的请求不超过 "
            f"{found['p50 ms']:,} 毫秒，二十分之十九不超过 {found['p95 ms']:,} 毫秒。{kinds}。",
            "",
            f"全部进程的内存：开始 {memory[0]} MiB，正午 {memory[len(memory) // 2]}，结束 {memory[-1]}"
            f"（下半天 {fraction:+.0%}），最多 {max(memory)}。日志里的异常 {found['traces']} 处。",
            "",
            f"其间要备份 {asked['backups']} 次，做了 {found['backups']['made']} 次，没有办成 "
            f"{len(found['backups']['faults'])} 次；随后各恢复到新的文件夹，核验通过 "
            f"{back.get('restored', 0)} 份，不成立 {len(back.get('faults', []))} 份。审计日志从第一份的 "
            f"{first(back, 'audit entries'):,} 条增到 {last(back, 'audit entries'):,} 条，证据库从 "
            f"{first(back, 'batches')} 批次增到 {last(back, 'batches')}。",
            "",
        ]
    )


def first(found: dict[str, Any], name: str) -> int:
    """Return the first figure of a list, 0 where there is none."""
    return int((found.get(name) or [0])[0])


def last(found: dict[str, Any], name: str) -> int:
    """Return the last one."""
    return int((found.get(name) or [0])[-1])


TABLES = {"kills": of_kills, "fuzz": of_fuzz, "day": of_day}


def write() -> None:
    """Put what is kept of every campaign into docs/reliability.md, between its two marks."""
    known = json.loads(KEPT.read_text("utf8"))
    parts = [table(known[name]) for name, table in TABLES.items() if name in known]
    path = ROOT / "docs" / "reliability.md"
    before, _, rest = path.read_text("utf8").partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n\n" + "\n".join(parts) + f"\n{END}{after}", "utf8")


def main() -> None:
    """Run the campaign asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seed", type=int, default=2021)
    campaigns = parser.add_subparsers(dest="campaign", required=True)
    kills = campaigns.add_parser("kills", help="processes killed at any moment")
    kills.add_argument("--count", type=int, default=1_000)
    kills.add_argument("--only", nargs="*", default=[])
    fuzz = campaigns.add_parser("fuzz", help="nonsense for every reader")
    fuzz.add_argument("--values", type=int, default=1_000_000)
    fuzz.add_argument("--documents", type=int, default=100_000)
    day = campaigns.add_parser("day", help="a day of mixed load, backups under it, each restored afterwards")
    day.add_argument("--hours", type=int, default=24)
    day.add_argument("--minutes", type=float, default=60.0, help="by the clock, of all the hours")
    day.add_argument("--backups", type=int, default=50)
    day.add_argument("--site", type=Path, help="a site's data folder, of which a copy is used")
    campaigns.add_parser("write", help="put the figures that are kept into docs/reliability.md")
    given = parser.parse_args()
    if given.campaign == "write":
        write()
        return
    from campaigns import day as one_day
    from campaigns import fuzzing
    from campaigns import kills as killing
    from campaigns.processes import load

    load()
    begun = time.monotonic()
    said = {k: v for k, v in vars(given).items() if k not in ("campaign", "site")}

    def kept(found: dict[str, Any]) -> None:
        keep(given.campaign, found, said, time.monotonic() - begun)

    # Not one that goes with its process: the commands that are forked from this one end as programs do.
    # In memory where there is room: what is killed is a process, which no disk need keep waiting.
    memory = Path("/dev/shm")
    roomy = given.campaign == "kills" and memory.is_dir() and shutil.disk_usage(memory).free > ROOM
    work = Path(tempfile.mkdtemp(prefix="reliability-", dir=memory if roomy else None))
    try:
        match given.campaign:
            case "kills":
                sound = killing.main(given.count, given.seed, given.only, work, kept)
            case "fuzz":
                sound = fuzzing.main(given.values, given.documents, given.seed, work, kept)
            case "day":
                sound = one_day.main(given, work, kept)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    sys.exit(not sound)


if __name__ == "__main__":
    main()
