"""The command line: a thin face over the use cases, in Chinese, with JSON where a program asks."""

from zhunsheng.cli.program import main

__all__ = ["main"]
