"""The settings of the tests: those of the product, made fast and kept away from what is on the machine.

DATABASE_URL chooses the database; without it each run has an SQLite file of its own.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

if "CRM_TEST_FOLDER" not in os.environ:  # this is the run itself; its workers and child processes inherit the folder
    os.environ["CRM_TEST_FOLDER"] = tempfile.mkdtemp(prefix="crm-test-")
    atexit.register(shutil.rmtree, os.environ["CRM_TEST_FOLDER"], ignore_errors=True)
FOLDER = Path(os.environ["CRM_TEST_FOLDER"])

# What the machine's environment or a .env file says is not what is tested: here are all variables (see .env.example).
os.environ.update(
    {
        "DEBUG": "1",
        "SECRET_KEY": "the-tests-sign-with-this-key-and-nobody-else-does-0123456789",
        "SECRET_KEY_FALLBACKS": "",
        "SECOND_FACTOR": "",
        "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
        "DATA_DIR": str(FOLDER / "data"),
        "REDIS_URL": "",
        "STATIC_ROOT": "",
        "PORT": "",
        "DEMO": "",
        "TIME_ZONE": "",
        "HTTPS": "",
        "TRUSTED_PROXIES": "",
        "THROTTLE_INTAKE": "",
        "THROTTLE_LOGIN": "5/15min",
        "EMAIL_URL": "",
        "DEFAULT_FROM_EMAIL": "",
        "CLOCK_FILE": "",
        "METRICS_TOKEN": "",
        "BITRIX24_WEBHOOK_URL": "",
        "BITRIX24_RATE": "",
        "BITRIX24_APPLICATION_TOKEN": "",
        "BITRIX24": "",
        "BITRIX24_PERSONAL_DATA": "",
        "BITRIX24_ALLOW_INSECURE": "",
        # Playwright keeps an event loop in the main thread, which Django would take for asynchronous code.
        "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
    }
)
os.environ.setdefault("DATABASE_URL", "")

from crm import translations  # noqa: E402
from crm.databases import SQLITE_OPTIONS  # noqa: E402
from crm.settings import *  # noqa: E402, F403
from crm.settings import DATABASES, LOCALE_PATHS, LOGGING  # noqa: E402

translations.compile_all(LOCALE_PATHS)  # a fresh clone has none, and the tests read Russian

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(FOLDER / "test.sqlite3")}
    # A test database need not survive a power cut.
    SQLITE_OPTIONS["init_command"] = SQLITE_OPTIONS["init_command"].replace("synchronous=NORMAL", "synchronous=OFF")
else:
    DATABASES["default"]["TEST"] = {"NAME": f"test_{FOLDER.name.replace('-', '_').lower()}"}
    DATABASES["default"]["CONN_MAX_AGE"] = 0

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# pytest keeps the log of each test itself; its stream is closed when a server thread still has something to say.
LOGGING["root"] = {"handlers": [], "level": "WARNING"}
