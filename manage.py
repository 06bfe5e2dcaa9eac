"""Administrative commands of the web application: migrate, serve, worker, check_audit and Django's own."""

import gc
import os
import sys

if __name__ == "__main__":
    gc.disable()  # until zhunsheng.web.apps has loaded all: to look for garbage meanwhile takes a fifth of it
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhunsheng.web.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
