"""The site's own settings, on a data folder of their own, with what would only cost time in tests left out.

``ZHUNSHENG_TEST_DATABASE=postgres`` starts a PostgreSQL of its own in a new folder for as long as the tests
run.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import scratch  # noqa: F401 - before a folder is made


def folder(prefix):
    """Make a folder that lasts as long as the process."""
    made = Path(tempfile.mkdtemp(prefix=prefix))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


# The same keys in every process: what one has built, the others read.
data = folder("zhunsheng-test-")
for key in ("secret.key", "personal.key", "log.key"):
    (data / key).write_text(f"{key} of the tests alone, the same in every process")
os.environ["ZHUNSHENG_DATA"] = str(data)
os.environ.setdefault("ZHUNSHENG_HTTPS", "0")
# Playwright leaves an event loop in the process, which Django would take for an asynchronous view.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
if os.environ.get("ZHUNSHENG_TEST_DATABASE") == "postgres":
    import servers

    # Stopped when the process ends; the name keeps the server from being let go before.
    SERVER = servers.postgres(folder("zhunsheng-test-pg-"))
    HOST = SERVER.get_uri().split("host=")[1].replace("/", "%2F")
    os.environ["ZHUNSHENG_DATABASE"] = f"postgres://postgres@{HOST}/postgres"

from zhunsheng.web.settings import *  # noqa: E402, F403

os.environ.pop("ZHUNSHENG_DATABASE", None)  # sites that tests start have databases of their own

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    DATABASES["default"]["TEST"] = {"NAME": ":memory:"}  # noqa: F405 (each process its own)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
LOGGING_CONFIG = None
STATIC_ROOT.mkdir(exist_ok=True)  # noqa: F405
