"""All settings, read from the environment and from `.env` beside manage.py; `.env.example` explains each variable.

An empty variable counts as unset. A setting that cannot work stops the start with one sentence (ImproperlyConfigured).
What the customer tunes (catalogues, cadences, touch policy) lives in the database and is edited in the admin.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ
import structlog
from csp.constants import NONE, SELF
from django.conf import global_settings
from django.core.exceptions import ImproperlyConfigured

from bitrix24 import address
from crm import api_schema, databases, embedded, environment, logs, schedule
from crm.environment import rate, switch, text, whole

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(BASE_DIR / ".env")


# --- Where we are: a newcomer's machine, or production ---------------------------------------------------------------
DATA_DIR = Path(text("DATA_DIR", str(BASE_DIR / "var"))).absolute()
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
DEBUG = switch("DEBUG", default=not (text("DATABASE_URL") or text("SECRET_KEY") or text("ALLOWED_HOSTS")))
ALLOWED_HOSTS = [host.strip() for host in text("ALLOWED_HOSTS").split(",") if host.strip()]
HTTPS = switch("HTTPS", default=True) and not DEBUG
TRUSTED_PROXIES = whole("TRUSTED_PROXIES", default=0)
CLOCK_FILE = text("CLOCK_FILE")
PORT = whole("PORT", default=8000)
DEMO = switch("DEMO", default=True)

SECRET_KEY = text("SECRET_KEY")
SECRET_KEY_FALLBACKS = [key.strip() for key in text("SECRET_KEY_FALLBACKS").split(",") if key.strip()]
if DEBUG:
    SECRET_KEY = SECRET_KEY or environment.generated_secret(DATA_DIR / "secret_key")
else:
    if environment.is_weak(SECRET_KEY):
        raise ImproperlyConfigured("With DEBUG off, SECRET_KEY must be set to at least 50 random characters.")
    if any(environment.is_weak(key) for key in SECRET_KEY_FALLBACKS):
        raise ImproperlyConfigured("SECRET_KEY_FALLBACKS holds a key that is too weak to have been a SECRET_KEY.")
    if not ALLOWED_HOSTS:
        raise ImproperlyConfigured("With DEBUG off, ALLOWED_HOSTS must name the hosts people open, comma separated.")

# --- Applications ----------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "crm.admin_config.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "import_export",
    "axes",
    "csp",
    "django_htmx",
    "django_structlog",
    "team",
    "contacts",
    "sources",
    "history",
    "outbox",
    "tasks",
    "deals",
    "leads",
    "reports",
    "bitrix24",
    "crm",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "team.middleware.Sessions",
    "team.middleware.Language",
    "team.middleware.SecondFactors",
    "crm.errors_api.ApiDoor",
    "team.middleware.PrivatePages",
    "team.middleware.SignedOut",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "crm.journalling.Journal",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "crm.errors_web.Refusals",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "crm.urls"
WSGI_APPLICATION = "crm.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tasks.context.presence",
            ],
        },
    },
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Database --------------------------------------------------------------------------------------------------------
DATABASES = {"default": databases.entry(text("DATABASE_URL", f"sqlite:///{DATA_DIR / 'crm.sqlite3'}"))}

# --- Broker and cache ------------------------------------------------------------------------------------------------
# Unset REDIS_URL means the broker that `make run` keeps in DATA_DIR. While that does not run (a command given by hand,
# or the tests), nothing may wait for it: the cache is the process's own, and nudges go nowhere (the sweep finds all).
REDIS_URL = text("REDIS_URL")
EMBEDDED_BROKER = not REDIS_URL
if EMBEDDED_BROKER and embedded.answers(embedded.broker_socket(DATA_DIR)):
    REDIS_URL = f"unix://{embedded.broker_socket(DATA_DIR)}"
if REDIS_URL and not REDIS_URL.startswith(("redis://", "rediss://", "unix://")):
    raise ImproperlyConfigured("REDIS_URL must begin with redis://, rediss:// or unix://.")
# Seconds in which a server of ours must say something. A change may wait one second for an absent broker, and at a full
# second of silence there would be nothing left of it for the rest.
SILENCE = 0.6
if REDIS_URL:
    CACHES: dict[str, Any] = {
        "default": {
            "BACKEND": "crm.cache.ForgivingRedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "crm",
            "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": SILENCE},
        }
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1) or "memory://localhost"
CELERY_BROKER_CONNECTION_TIMEOUT = 0.5
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Longer than any job: a message that is not acknowledged by then is given to another worker as well.
    "visibility_timeout": 900,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 0.5,
    "socket_timeout": SILENCE,
    "max_retries": 0,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = schedule.BEAT
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")

# --- Language and time -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "ru"
LANGUAGES = [("ru", "Русский"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = text("TIME_ZONE", "Europe/Moscow")
try:
    ZoneInfo(TIME_ZONE)
except (ZoneInfoNotFoundError, ValueError) as error:
    raise ImproperlyConfigured(f"TIME_ZONE is {TIME_ZONE!r}; write a zone such as Europe/Moscow.") from error

# --- Who comes in ----------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "team.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_AGE = 12 * 3600
# Whether who may administer or take lists out must have a second factor. Others may have one.
SECOND_FACTOR = switch("SECOND_FACTOR", default=not DEBUG)

THROTTLE_INTAKE = rate("THROTTLE_INTAKE", "1200/min")
THROTTLE_LOGIN = rate("THROTTLE_LOGIN", "5/15min")
# Failures are counted in the database, so that a lost cache does not open the door, and per name *and* address, so
# that a stranger cannot lock a colleague out by guessing at the name.
AXES_ENABLED = THROTTLE_LOGIN is not None
AXES_FAILURE_LIMIT = THROTTLE_LOGIN.count if THROTTLE_LOGIN else 0
AXES_COOLOFF_TIME = timedelta(seconds=THROTTLE_LOGIN.seconds if THROTTLE_LOGIN else 0)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_HTTP_RESPONSE_CODE = 429
AXES_LOCKOUT_CALLABLE = "crm.lockout.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
AXES_IPWARE_PROXY_COUNT = TRUSTED_PROXIES or None
AXES_IPWARE_META_PRECEDENCE_ORDER = ["HTTP_X_FORWARDED_FOR", "REMOTE_ADDR"] if TRUSTED_PROXIES else ["REMOTE_ADDR"]

# --- The mirror to Bitrix24; the webhook is an object that prints without its secret ---------------------------------
BITRIX24_WEBHOOK = address.setting(text("BITRIX24_WEBHOOK_URL"), switch("BITRIX24_ALLOW_INSECURE", default=False))
BITRIX24_APPLICATION_TOKEN = text("BITRIX24_APPLICATION_TOKEN")
BITRIX24 = text("BITRIX24")
if BITRIX24 not in {"", "fake"}:
    raise ImproperlyConfigured("BITRIX24 is left out, or: fake. A real portal is named in BITRIX24_WEBHOOK_URL.")
BITRIX24_RATE = max(1, whole("BITRIX24_RATE", default=2))
BITRIX24_PERSONAL_DATA = address.words(text("BITRIX24_PERSONAL_DATA", "name,phone,recording"))

# --- Security --------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "media-src": [SELF, "https:"],  # recordings of calls, which the telephony keeps
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
METRICS_TOKEN = text("METRICS_TOKEN")
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]  # asked by the machine itself, over plain HTTP
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
CSRF_COOKIE_SECURE = HTTPS
# Preloading commits the firm's whole domain to HTTPS for years: the firm's decision, not the program's.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024  # the largest body of an API call; uploaded files are not counted in it

# --- Static files ----------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = Path(text("STATIC_ROOT") or DATA_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = ["crm.bundle.BundleFinder", *global_settings.STATICFILES_FINDERS]
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
MEDIA_ROOT = DATA_DIR / "media"
STATIC_ROOT.mkdir(exist_ok=True)  # WhiteNoise warns at each start when it is absent

# --- Mail: printed on a newcomer's machine; in production kept back until a server is named --------------------------
vars().update(environ.Env.email_url_config(text("EMAIL_URL", "consolemail://" if DEBUG else "dummymail://")))
EMAIL_TIMEOUT, DEFAULT_FROM_EMAIL = 10, text("DEFAULT_FROM_EMAIL", "crm@localhost")

# --- REST ------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "team.authentication.KeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["team.permissions.KnownPerson"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["crm.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "crm.pagination.NextLink",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_VERSIONING_CLASS": None,
    "DEFAULT_METADATA_CLASS": None,  # OPTIONS is a method like others: 405 where it is not offered
    "URL_FORMAT_OVERRIDE": None,  # `?format=` is an unknown parameter, and those are ignored
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "EXCEPTION_HANDLER": "crm.errors_api.answer",
    "NUM_PROXIES": TRUSTED_PROXIES,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = api_schema.SETTINGS
IMPORT_EXPORT_USE_TRANSACTIONS = True
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True

# --- Log -------------------------------------------------------------------------------------------------------------
LOGGING = logs.logging(readable=DEBUG)
structlog.configure(**logs.STRUCTLOG)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
# The beat sends a job every few seconds: only those that fail, or are refused, are worth a line.
DJANGO_STRUCTLOG_CELERY_TASK_START_LOG_LEVEL = DJANGO_STRUCTLOG_CELERY_TASK_SUCCESS_LOG_LEVEL = 10
