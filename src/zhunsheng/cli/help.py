"""Help in Chinese: what the library writes itself, and lines that break as Chinese does."""

from __future__ import annotations

import copy
from typing import Any

from typer import rich_utils

from zhunsheng.cli.prose import Prose

_USAGE = {"[OPTIONS]": "[选项]", "COMMAND [ARGS]...": "命令 [参数]..."}
_rich_text: Any = rich_utils._make_rich_text  # what the library makes of a sentence; below it is made to wrap


def chinese(command: Any) -> Any:
    """Put the help that the library writes itself into Chinese, for a command and all below it;
    returns the command.
    """
    rich_utils.ARGUMENTS_PANEL_TITLE, rich_utils.OPTIONS_PANEL_TITLE = "参数", "选项"
    rich_utils.COMMANDS_PANEL_TITLE, rich_utils.ERRORS_PANEL_TITLE = "命令", "错误"
    rich_utils.REQUIRED_LONG_STRING, rich_utils.DEFAULT_STRING = "[必填]", "[默认：{}]"
    rich_utils.ENVVAR_STRING = "[环境变量：{}]"
    rich_utils._make_rich_text = _prose
    _translate(command)
    return command


def _prose(**given: Any) -> Any:
    """Return a sentence of help that wraps between characters: the library cuts off what has no spaces."""
    made = _rich_text(**given)
    return Prose(made.plain, style=made.style, spans=made.spans, overflow="fold")


def _translate(command: Any) -> None:
    original = command.get_help_option

    def help_option(context: Any) -> Any:
        option = original(context)
        if option is not None:
            option.help = "显示本说明后退出"
        return option

    command.get_help_option = help_option
    command.collect_usage_pieces = lambda context: [
        _USAGE.get(piece, piece) for piece in type(command).collect_usage_pieces(command, context)
    ]
    command.get_usage = lambda context: (
        type(command).get_usage(command, context).replace("Usage:", "用法：", 1)
    )
    for parameter in command.params:
        _untyped(parameter)
    for child in getattr(command, "commands", {}).values():
        _translate(child)


def _untyped(parameter: Any) -> None:
    """Take the type's English name from a parameter, whose own name says what to write,
    and say its range in Chinese.
    """
    # Types of parameters are shared by the whole library.
    kind = parameter.type = copy.copy(parameter.type)
    kind.get_metavar = lambda *_, **__: ""
    kind._describe_range = lambda: range_of(kind)


def range_of(kind: Any) -> str:
    """Return in words the bounds that a parameter's type has, empty without any."""
    low, high = getattr(kind, "min", None), getattr(kind, "max", None)
    if low is not None and high is not None:
        return f"{low} 至 {high}"
    return f"至少 {low}" if low is not None else f"至多 {high}" if high is not None else ""
