"""The site's own settings for the processes in which acts are raced, without what only
serving pages needs.
"""

from zhunsheng.web.settings import *  # noqa: F403

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
LOGGING_CONFIG = None
ALLOWED_HOSTS = ["testserver"]
