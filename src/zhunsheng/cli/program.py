"""Run a command: find it, give it its arguments, and end as its answer or its error says."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer
from typer.exceptions import TyperException

from zhunsheng.cli import terminal
from zhunsheng.cli.groups import program_for
from zhunsheng.cli.help import chinese, range_of
from zhunsheng.errors import ZhunshengError
from zhunsheng.faults import of_system
from zhunsheng.translation import worded


def main(arguments: list[str] | None = None) -> None:
    """Run a command; exit 0 when all is well, 1 when what was examined has errors,
    2 when the command could not run.
    """
    given = sys.argv[1:] if arguments is None else arguments
    try:
        command = chinese(typer.main.get_command(program_for(given)))
        status = command.main(given, prog_name="zhunsheng", standalone_mode=False)
        raise SystemExit(status if isinstance(status, int) else 0)
    except ZhunshengError as error:
        _fail(given, error)
    except typer.Exit as leaving:
        raise SystemExit(leaving.exit_code) from None
    except TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            error.show()  # type: ignore[attr-defined]  # which this one of them has
            raise SystemExit(0) from None
        _fail(given, ZhunshengError("ZS-CL-01", detail=_translated(error)))
    except (KeyboardInterrupt, typer.Abort):
        terminal.errors.print("已中断。写到一半的文件不会留下；在此之前已写出的承诺、已提交的批次仍在。")
        raise SystemExit(130) from None
    except BrokenPipeError:
        # The reader of a pipe (head, less) left early.
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
        raise SystemExit(0) from None
    except BaseException as error:
        # What a library in Rust did not foresee comes as an exception of its own beside all others.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        if os.environ.get("ZHUNSHENG_DEBUG"):
            raise
        # A folder was asked for where a file of that name lies, or a file where a folder does.
        if isinstance(error, FileExistsError | NotADirectoryError | IsADirectoryError):
            lies = (
                worded("文件夹，应写明文件")
                if isinstance(error, IsADirectoryError)
                else worded("文件，不能当文件夹用")
            )
            _fail(
                given,
                ZhunshengError(
                    "ZS-CL-11",
                    path=str(error.filename2 or error.filename),
                    detail=worded("这里已有一个同名的{lies}", lies=lies),
                ),
            )
        if told := of_system(error):
            _fail(given, told)
        _fail(given, ZhunshengError("ZS-CL-99", detail=f"{type(error).__name__}: {error}"[:300]))


def _fail(arguments: list[str], error: ZhunshengError) -> None:
    if "--json" in arguments:
        terminal.say_json({"error": error.as_json()})
    terminal.errors.print(error.text(), style="red", markup=False, soft_wrap=True)
    raise SystemExit(2)


def _translated(error: TyperException) -> str:
    """Return in Chinese what the library says of wrong arguments."""
    kind, said = type(error).__name__, getattr(error, "message", str(error))
    if kind == "MissingParameter":
        parameter = getattr(error, "param", None)
        return f"缺少参数 {getattr(parameter, 'metavar', None) or getattr(parameter, 'name', '')}"
    if kind == "NoSuchOption":
        return f"没有选项 {getattr(error, 'option_name', '')}"
    if said.startswith("No such command"):
        return f"没有命令 {said.split(chr(39))[1]}"
    if "unexpected extra argument" in said:
        return f"多余的参数：{said.split('(')[-1].rstrip(')')}"
    if (parameter := getattr(error, "param", None)) is not None:
        option = next((one for one in parameter.opts if one.startswith("-")), parameter.metavar)
        if parameter.type.name in ("path", "file", "directory"):
            lacking = "没有读取的权限" if "not readable" in said else "没有这个文件或文件夹"
            return f"{option}：{lacking}"
        return f"{option} 的值不合要求，{_wanted(parameter.type)}"
    return "参数的值不合要求"


def _wanted(kind: Any) -> str:
    """Return in Chinese what a parameter of a type has to be."""
    if choices := getattr(kind, "choices", None):
        return f"可选：{'、'.join(choices)}"
    number = "整数" if "int" in kind.name else "数"
    return f"应是{number}" + (f"，{bounds}" if (bounds := range_of(kind)) else "")
