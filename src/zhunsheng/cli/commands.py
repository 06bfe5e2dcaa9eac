"""The whole program with every command, for what walks or calls all of them."""

from zhunsheng.cli.groups import program

app = program()
