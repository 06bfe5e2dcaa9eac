"""Run the command line as ``python -m zhunsheng``."""

from zhunsheng.cli import main

main()
