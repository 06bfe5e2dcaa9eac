"""The site's own settings, on a data folder of their own, with what would only cost time in tests left out."""

import os
import tempfile

os.environ["ZHUNSHENG_DATA"] = tempfile.mkdtemp(prefix="zhunsheng-test-")
os.environ.setdefault("ZHUNSHENG_HTTPS", "0")
# Playwright leaves an event loop in the process, which Django would take for an asynchronous view.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

from zhunsheng.web.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
LOGGING_CONFIG = None
STATIC_ROOT.mkdir(exist_ok=True)  # noqa: F405
