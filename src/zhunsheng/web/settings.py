"""Django settings, all from environment variables named ZHUNSHENG_*; docs/operate.md explains each."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from zhunsheng import clock
from zhunsheng.translation import LOCALE
from zhunsheng.transparency.signing import ALGORITHMS, ED25519, SM2, has_sm2
from zhunsheng.web.groups import read_groups
from zhunsheng.web.proxies import Proxies

BASE = Path(__file__).parent


def _flag(name: str, default: bool) -> bool:
    return os.environ.get(name, "1" if default else "0").lower() in ("1", "true", "yes", "on")


DATA = Path(os.environ.get("ZHUNSHENG_DATA", "zhunsheng-data")).resolve()
# Whatever the site writes is its own account's alone: database, uploads, keys, files made;
# so for every command that runs.
os.umask(0o077)
DATA.mkdir(parents=True, exist_ok=True)
with suppress(
    PermissionError
):  # a folder of another account's, given to this one: its owner says who reads it
    DATA.chmod(0o700)
    for _file in (*DATA.glob("*.sqlite3*"), *DATA.glob("*.key")):
        _file.chmod(0o600)


MADE_KEYS: list[str] = []  # files of keys that were not there when this process started


def _origin(address: str) -> str:
    """Return the scheme, host and port of an address."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _key(variable: str, file: str) -> str:
    """Return a secret from the environment, or from a file of the data folder that is made at the first
    start.
    """
    if variable in os.environ:
        return os.environ[variable]
    path = DATA / file
    try:
        with path.open("x") as stream:
            path.chmod(0o600)
            stream.write(secrets.token_urlsafe(64))
        MADE_KEYS.append(file)
    except FileExistsError:
        pass
    return path.read_text().strip()


SECRET_KEY = _key("ZHUNSHENG_SECRET_KEY", "secret.key")
SECRET_KEY_FALLBACKS = [k for k in os.environ.get("ZHUNSHENG_SECRET_KEY_FALLBACKS", "").split(",") if k]
PERSONAL_KEY = _key("ZHUNSHENG_PERSONAL_KEY", "personal.key")
LOG_KEY = _key("ZHUNSHENG_LOG_KEY", "log.key")  # signs the checkpoints of the transparency log
# Public keys, as the log's page shows them, of those that signed before.
LOG_KEYS_FORMER = [k.strip() for k in os.environ.get("ZHUNSHENG_LOG_KEYS_FORMER", "").split(",") if k.strip()]
# What signs them: ed25519, sm2, or both in this order.
LOG_ALGORITHMS = [
    k.strip() for k in (os.environ.get("ZHUNSHENG_LOG_ALGORITHM") or ED25519.name).split(",") if k.strip()
]
if not LOG_ALGORITHMS or not set(LOG_ALGORITHMS) <= set(ALGORITHMS):
    raise ImproperlyConfigured("ZHUNSHENG_LOG_ALGORITHM 应为 ed25519、sm2 或 sm2,ed25519")
if SM2.name in LOG_ALGORITHMS and not has_sm2():
    raise ImproperlyConfigured(
        "ZHUNSHENG_LOG_ALGORITHM 含有 sm2，却没有安装 gmalg：请运行 pip install 'zhunsheng[sm2]'"
    )
SALT_KEY = [PERSONAL_KEY]  # encrypted model fields

DEBUG = _flag("ZHUNSHENG_DEBUG", False)
HTTPS = _flag("ZHUNSHENG_HTTPS", True)
ALLOWED_HOSTS = os.environ.get("ZHUNSHENG_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("ZHUNSHENG_ORIGINS", "").split(",") if o]
# Where the site is reached, for what it sends out: the first of the origins where nobody said.
ADDRESS = os.environ.get("ZHUNSHENG_ADDRESS", "").rstrip("/") or next(
    (o.rstrip("/") for o in CSRF_TRUSTED_ORIGINS if "*" not in o), ""
)
PROXIES = Proxies.read(os.environ.get("ZHUNSHENG_PROXIES", ""))

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "axes",
    "csp",
    "zhunsheng.web",
]
MIDDLEWARE = [
    "zhunsheng.web.middleware.logged",
    "zhunsheng.web.middleware.watched",
    "zhunsheng.web.middleware.client",
    "zhunsheng.web.middleware.unkept",
    "zhunsheng.web.middleware.problems",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "zhunsheng.web.middleware.clean_input",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "zhunsheng.web.middleware.actor",
    "zhunsheng.web.middleware.session_limits",
    "zhunsheng.web.middleware.read_once",
    "zhunsheng.web.middleware.KnownNumbers",
    "zhunsheng.web.middleware.SystemFaults",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "zhunsheng.web.urls"
WSGI_APPLICATION = "zhunsheng.web.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["zhunsheng.web.templatetags.forms"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "zhunsheng.web.context.site",
            ],
        },
    }
]

_DATABASE = os.environ.get("ZHUNSHENG_DATABASE", f"sqlite:///{DATA / 'zhunsheng.sqlite3'}")
DATABASES: dict[str, Any] = {
    "default": dj_database_url.parse(_DATABASE, conn_max_age=600, conn_health_checks=True)
}
# Django's own, which write the audit log at the end of a transaction: web/databases.
DATABASES["default"]["ENGINE"] = DATABASES["default"]["ENGINE"].replace(
    "django.db.backends", "zhunsheng.web.databases"
)
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536; "
        "PRAGMA mmap_size=268435456;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
_MEMORY = "django.core.cache.backends.locmem.LocMemCache"
# How often strangers asked has a place of its own: what fills the other can't wipe it out.
CACHES = {
    "default": {"BACKEND": _MEMORY},
    "asked": {"BACKEND": _MEMORY, "LOCATION": "asked", "OPTIONS": {"MAX_ENTRIES": 100_000}},
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}

# -- sign-in
# ----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "web.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator"},
    {"NAME": "zhunsheng.web.passwords.LongEnough", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATION}.NumericPasswordValidator"},
    {"NAME": "zhunsheng.web.passwords.MixedCharacters"},
]
PASSWORD_HASHERS = ["zhunsheng.web.passwords.Argon2", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "public"
# How long who failed must wait is decided in one place; what is tried while waiting is not even looked at.
AXES_HANDLER = "zhunsheng.web.throttle.Handler"
AXES_USERNAME_CALLABLE = "zhunsheng.web.throttle.counted_name"
AXES_LOCKOUT_CALLABLE = "zhunsheng.web.throttle.answer"
AXES_LOCK_OUT_AT_FAILURE = False
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_COOLOFF_TIME = 1  # hours after which a failure is forgotten
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
LANGUAGE_COOKIE_SECURE, LANGUAGE_COOKIE_SAMESITE = HTTPS, "Lax"
CSRF_FAILURE_VIEW = "zhunsheng.web.session.stale"
SESSION_COOKIE_AGE = 8 * 3600  # a working day, whatever happens
SESSION_IDLE = int(os.environ.get("ZHUNSHENG_IDLE_MINUTES", "60")) * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# Single sign-on is off until it is configured; the packages come with the extras `oidc` and `ldap`.
OIDC = bool(os.environ.get("ZHUNSHENG_OIDC_ISSUER"))
if OIDC:
    OIDC_ISSUER = os.environ["ZHUNSHENG_OIDC_ISSUER"].rstrip("/")
    INSTALLED_APPS.append("mozilla_django_oidc")
    AUTHENTICATION_BACKENDS.append("zhunsheng.web.oidc.Backend")
    MIDDLEWARE.insert(MIDDLEWARE.index("zhunsheng.web.middleware.read_once"), "zhunsheng.web.oidc.renewal")
    OIDC_RP_CLIENT_ID = os.environ["ZHUNSHENG_OIDC_CLIENT"]
    OIDC_RP_CLIENT_SECRET = os.environ["ZHUNSHENG_OIDC_SECRET"]
    OIDC_RP_SIGN_ALGO = "RS256"
    # The user name comes with the scope profile; what else a provider needs for groups is asked of it too.
    OIDC_RP_SCOPES = os.environ.get("ZHUNSHENG_OIDC_SCOPES") or "openid profile"
    OIDC_NAME = os.environ.get("ZHUNSHENG_OIDC_NAME") or "preferred_username"
    OIDC_GROUPS = os.environ.get("ZHUNSHENG_OIDC_GROUPS") or "groups"
    # Addresses that are not set are what the provider says of itself: web/oidc.py.
    OIDC_OP_AUTHORIZATION_ENDPOINT = os.environ.get("ZHUNSHENG_OIDC_AUTHORIZE", "")
    OIDC_OP_TOKEN_ENDPOINT = os.environ.get("ZHUNSHENG_OIDC_TOKEN", "")
    OIDC_OP_USER_ENDPOINT = os.environ.get("ZHUNSHENG_OIDC_USERINFO", "")
    OIDC_OP_JWKS_ENDPOINT = os.environ.get("ZHUNSHENG_OIDC_JWKS", "")
    OIDC_OP_LOGOUT_ENDPOINT = os.environ.get("ZHUNSHENG_OIDC_LOGOUT", "")
    OIDC_VERIFY_SSL = os.environ.get("ZHUNSHENG_OIDC_CA") or True
    OIDC_TIMEOUT = 10
    OIDC_USE_PKCE = OIDC_STORE_ID_TOKEN = True
    OIDC_RENEW_ID_TOKEN_EXPIRY_SECONDS = 60 * float(os.environ.get("ZHUNSHENG_OIDC_RENEW_MINUTES") or 15)
    OIDC_AUTHENTICATE_CLASS, OIDC_CALLBACK_CLASS = "zhunsheng.web.oidc.Ask", "zhunsheng.web.oidc.Answer"
    OIDC_CREATE_USER = False  # people are entered by the administrator
LDAP = bool(os.environ.get("ZHUNSHENG_LDAP_SERVER"))
if LDAP:
    AUTHENTICATION_BACKENDS.insert(2, "zhunsheng.web.ldap.Backend")
    LDAP_SERVER = os.environ["ZHUNSHENG_LDAP_SERVER"]
    LDAP_USER_DN = os.environ["ZHUNSHENG_LDAP_USER_DN"]
    LDAP_GROUPS = os.environ.get("ZHUNSHENG_LDAP_GROUPS", "")
    LDAP_CA = os.environ.get("ZHUNSHENG_LDAP_CA") or None
# Without passwords of the site's own everybody comes through the directory, and who left it comes no more.
LOCAL_PASSWORDS = os.environ.get("ZHUNSHENG_LOCAL_PASSWORDS", "1") != "0"
if not LOCAL_PASSWORDS:
    if not (OIDC or LDAP):
        raise ImproperlyConfigured(
            "ZHUNSHENG_LOCAL_PASSWORDS=0 要先设好 OpenID Connect 或 LDAP，否则谁也进不来"
        )
    AUTHENTICATION_BACKENDS.remove("django.contrib.auth.backends.ModelBackend")
_groups = os.environ.get("ZHUNSHENG_GROUPS", "")
GROUPS = read_groups(Path(_groups)) if _groups else ()  # file of the roles that groups of the directory give

# -- security
# ---------------------------------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health$", r"^metrics$"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 365 * 86400 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
# Under HTTPS browsers take these names from this host and over TLS only, whatever another host of the domain
# sends.
COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid", f"{COOKIE_PREFIX}csrftoken"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
if PROXIES.any:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        # Signing out leads on to the provider, which browsers take for where the form goes.
        "form-action": [SELF, *([_origin(OIDC_OP_LOGOUT_ENDPOINT or OIDC_ISSUER)] if OIDC else ())],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
# What is made of a wrong check character in a ledger: error or warning; empty as evidence/checks.py has it.
CHECK_CHARACTERS: Literal["error", "warning"] | None
match os.environ.get("ZHUNSHENG_CHECK_CHARACTERS", ""):
    case "error" | "warning" as _said:
        CHECK_CHARACTERS = _said
    case "":
        CHECK_CHARACTERS = None
    case _:
        raise ImproperlyConfigured("ZHUNSHENG_CHECK_CHARACTERS 应为 error 或 warning")
# Where figures are computed: in the process that needs them, or on a Spark master.
ENGINE: Literal["duckdb", "spark"]
match os.environ.get("ZHUNSHENG_ENGINE", "") or "duckdb":
    case "duckdb" | "spark" as _engine:
        ENGINE = _engine
    case _:
        raise ImproperlyConfigured("ZHUNSHENG_ENGINE 应为 duckdb 或 spark")
ENGINE_URL = os.environ.get("ZHUNSHENG_ENGINE_URL") or None
# Where the evidence lies, s3://bucket/prefix, or nothing: in the data folder, which otherwise mirrors it.
EVIDENCE = os.environ.get("ZHUNSHENG_EVIDENCE") or None
MAX_UPLOAD = int(os.environ.get("ZHUNSHENG_MAX_UPLOAD_MB", "200")) * 2**20
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
DATA_UPLOAD_MAX_NUMBER_FILES = 5000  # of a folder that was chosen; together no more than MAX_UPLOAD
FILE_UPLOAD_MAX_MEMORY_SIZE = 2**20

# -- mail: the checkpoints of the transparency log go to witnesses; without a server nothing is sent
# ---------------------------------------------------------------------------------------------
EMAIL_HOST = os.environ.get("ZHUNSHENG_SMTP_HOST", "")
match os.environ.get("ZHUNSHENG_SMTP_SECURITY", "") or "starttls":
    case "starttls" | "tls" | "none" as _security:
        EMAIL_USE_TLS, EMAIL_USE_SSL = _security == "starttls", _security == "tls"
    case _:
        raise ImproperlyConfigured("ZHUNSHENG_SMTP_SECURITY 应为 starttls、tls 或 none")
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
EMAIL_PORT = int(os.environ.get("ZHUNSHENG_SMTP_PORT") or _PORTS[_security])
EMAIL_HOST_USER = os.environ.get("ZHUNSHENG_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("ZHUNSHENG_SMTP_PASSWORD", "")
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = os.environ.get("ZHUNSHENG_MAIL_FROM", "") or EMAIL_HOST_USER
if EMAIL_HOST and "@" not in DEFAULT_FROM_EMAIL:
    raise ImproperlyConfigured("有 ZHUNSHENG_SMTP_HOST 的，ZHUNSHENG_MAIL_FROM 应为发件人的邮箱")

# -- language, files, log
# ---------------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [LOCALE]
TIME_ZONE = os.environ.get(clock.VARIABLE) or clock.DEFAULT
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = DATA / "static"
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700  # of the static files, too
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "zhunsheng.web.static_files.PackedFiles"},
}
SITE_TITLE = os.environ.get("ZHUNSHENG_TITLE", "") or _("准绳·绩效管理")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "zhunsheng.web.logs.Line"}},
    "filters": {"refusals": {"()": "zhunsheng.web.logs.Refusals"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["refusals"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
    # Its lines name who tried to sign in and from where; the audit log does, for those who may read it.
    "loggers": {"axes": {"level": "ERROR"}, "django": {"handlers": [], "level": "INFO"}},
}
