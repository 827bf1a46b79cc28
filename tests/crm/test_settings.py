"""The environment decides how the program starts; what cannot work stops it with one sentence."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crm.stack import ROOT, plain_environment

PRODUCTION = {
    "DATABASE_URL": "postgres://crm:crm@localhost/crm",
    "SECRET_KEY": "Zq8-vL2_mN5xR9tB3cF7hK1pW4yD6sG0jE8uA2iO5nQ7zX3v",
    "ALLOWED_HOSTS": "crm.example.org, www.example.org",
}
PRODUCTION["SECRET_KEY"] += "0123456789"
SHOWN = ["DEBUG", "ALLOWED_HOSTS", "SECRET_KEY", "DATABASES", "CACHES", "CELERY_BROKER_URL", "SECURE_SSL_REDIRECT"]
SHOWN += ["SESSION_COOKIE_NAME", "AXES_ENABLED", "AXES_FAILURE_LIMIT", "TIME_ZONE", "DATA_DIR"]


def read_settings(tmp_path: Path, **variables: str) -> dict:
    """The settings as a new process sees them; its one sentence under "refused" when it does not start."""
    show = (
        "import json, crm.settings as s; "
        f"print(json.dumps({{name: getattr(s, name) for name in {SHOWN}}}, default=str))"
    )
    environment = {**plain_environment(tmp_path), "DATA_DIR": str(tmp_path / "kept"), **variables}
    done = subprocess.run(
        [sys.executable, "-c", show], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return json.loads(done.stdout)
    last = done.stderr.strip().splitlines()[-1]
    return {"refused": last.removeprefix("django.core.exceptions.ImproperlyConfigured: ")}


def test_a_newcomer_gets_debug_sqlite_and_a_secret_of_their_own(tmp_path: Path) -> None:
    seen = read_settings(tmp_path)
    secret = tmp_path / "kept" / "secret_key"
    assert seen["DEBUG"] is True
    assert seen["DATABASES"]["default"]["NAME"] == str(tmp_path / "kept" / "crm.sqlite3")
    assert seen["DATABASES"]["default"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert len(seen["SECRET_KEY"]) >= 50
    assert seen["SECRET_KEY"] == secret.read_text()
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert read_settings(tmp_path)["SECRET_KEY"] == seen["SECRET_KEY"]
    assert seen["TIME_ZONE"] == "Europe/Moscow"


@pytest.mark.parametrize("name", ["SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL"])
def test_debug_is_off_as_soon_as_one_production_variable_is_set(tmp_path: Path, name: str) -> None:
    assert "With DEBUG off" in read_settings(tmp_path, **{name: PRODUCTION[name]})["refused"]


def test_production_is_strict(tmp_path: Path) -> None:
    seen = read_settings(tmp_path, **PRODUCTION)
    assert seen["DEBUG"] is False
    assert seen["ALLOWED_HOSTS"] == ["crm.example.org", "www.example.org"]
    assert seen["DATABASES"]["default"]["CONN_HEALTH_CHECKS"] is True
    assert seen["SECURE_SSL_REDIRECT"] is True
    assert seen["SESSION_COOKIE_NAME"] == "__Host-sessionid"
    assert not (tmp_path / "kept" / "secret_key").exists()


def test_an_empty_variable_counts_as_unset(tmp_path: Path) -> None:
    assert read_settings(tmp_path, DATABASE_URL="", SECRET_KEY=" ", ALLOWED_HOSTS="", DEBUG="")["DEBUG"] is True


def test_without_a_broker_nothing_waits_for_one(tmp_path: Path) -> None:
    seen = read_settings(tmp_path)
    assert seen["CELERY_BROKER_URL"] == "memory://localhost"
    assert "LocMem" in seen["CACHES"]["default"]["BACKEND"]


def test_redis_url_names_broker_and_cache(tmp_path: Path) -> None:
    seen = read_settings(tmp_path, REDIS_URL="unix:///run/valkey.sock")
    assert seen["CELERY_BROKER_URL"] == "redis+socket:///run/valkey.sock"
    assert seen["CACHES"]["default"]["LOCATION"] == "unix:///run/valkey.sock"


def test_an_empty_login_limit_switches_the_lock_off(tmp_path: Path) -> None:
    assert read_settings(tmp_path, THROTTLE_LOGIN="")["AXES_ENABLED"] is False
    assert read_settings(tmp_path, THROTTLE_LOGIN="7/h")["AXES_FAILURE_LIMIT"] == 7


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"DEBUG": "maybe"}, "DEBUG is 'maybe'; write 1 or 0."),
        ({"PORT": "http"}, "PORT is 'http'; write a whole number."),
        ({"TIME_ZONE": "Mars/Base"}, "TIME_ZONE is 'Mars/Base'; write a zone such as Europe/Moscow."),
        ({"THROTTLE_LOGIN": "often"}, "THROTTLE_LOGIN: 'often' is no rate; write for example 1200/min or 5/15min"),
        ({"REDIS_URL": "http://localhost"}, "REDIS_URL must begin with redis://, rediss:// or unix://."),
        ({"DATABASE_URL": "mysql://localhost/x", "DEBUG": "1"}, "DATABASE_URL must begin with postgres://"),
        ({**PRODUCTION, "SECRET_KEY": "short"}, "With DEBUG off, SECRET_KEY must be set to at least 50 random"),
        ({**PRODUCTION, "SECRET_KEY": "a" * 60}, "With DEBUG off, SECRET_KEY must be set to at least 50 random"),
        ({**PRODUCTION, "SECRET_KEY": "django-insecure-" + PRODUCTION["SECRET_KEY"]}, "With DEBUG off, SECRET_KEY"),
        ({**PRODUCTION, "ALLOWED_HOSTS": " , "}, "With DEBUG off, ALLOWED_HOSTS must name the hosts"),
        ({"DEBUG": "0"}, "With DEBUG off, SECRET_KEY"),
    ],
)
def test_what_cannot_work_is_refused_with_a_sentence(tmp_path: Path, variables: dict[str, str], sentence: str) -> None:
    assert read_settings(tmp_path, **variables)["refused"].startswith(sentence)


def test_manage_py_says_the_sentence_without_a_traceback(tmp_path: Path) -> None:
    environment = {**plain_environment(tmp_path), "DATA_DIR": str(tmp_path), "DEBUG": "0"}
    command = [sys.executable, "manage.py", "check"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "With DEBUG off, SECRET_KEY must be set to at least 50 random characters.\n"
