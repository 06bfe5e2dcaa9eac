"""The WSGI application that gunicorn and the tests serve."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhunsheng.web.settings")
application = get_wsgi_application()

from zhunsheng.web.apps import whole  # noqa: E402 (settings come first)

if told := whole():
    raise SystemExit(told[0].msg)
