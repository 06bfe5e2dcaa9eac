"""``python -m zhunsheng.web COMMAND``: what ``manage.py`` does, where the package alone is installed."""

import sys

from zhunsheng.web.commands import main

main(sys.argv)
