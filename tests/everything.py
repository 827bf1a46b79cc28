"""All of `make test`: the checks, then the suite on SQLite, and all that uses the database once more on PostgreSQL
(at night the whole).

`--only lint` makes the checks alone. Other arguments go to pytest. Any failing part ends it with status 1, and
pytest's closing lines are the last that is printed when the checks pass.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.sizes import NIGHTLY

PYTHON = [sys.executable]
MANAGE = [*PYTHON, "manage.py"]
COMPOSE = "docker/compose.yaml"
HADOLINT = str(Path(sys.executable).with_name("hadolint"))
WORKERS = min(6, 2 + (os.cpu_count() or 1))  # two more than cores: tests of races and processes wait a lot
# What a production machine sets; the values are made up, and nothing is connected to.
PRODUCTION = {
    "DEBUG": "",
    "DATABASE_URL": "postgres://crm:crm@localhost/crm",
    "REDIS_URL": "redis://localhost/0",
    "SECRET_KEY": "made-up-for-the-deployment-check-0123456789-abcdefghijkl",
    "ALLOWED_HOSTS": "crm.example.org",
}
# Without these, what is set on this machine would leak into the checks of the code.
UNSET = [
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "DEBUG",
    "DATA_DIR",
    "CLOCK_FILE",
    "BITRIX24_WEBHOOK_URL",
    "BITRIX24",
]


@dataclass(frozen=True)
class Step:
    """One command with a title, and variables that it gets on top of a clean environment."""

    title: str
    command: Sequence[str]
    variables: Mapping[str, str] = field(default_factory=dict)
    keeps: Sequence[str] = ()  # names of UNSET that it may see after all


CHECKS = [
    Step("style", [*PYTHON, "-m", "ruff", "check", "--quiet", "."]),
    Step("format", [*PYTHON, "-m", "ruff", "format", "--check", "--quiet", "."]),
    Step("types", [*PYTHON, "-m", "mypy", "--no-error-summary"]),
    Step("import order", [*PYTHON, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-logo"]),
    Step("translations", [*MANAGE, "texts", "--check"]),
    Step("migrations", [*MANAGE, "makemigrations", "--check", "--dry-run", "--verbosity", "1"]),
    Step("image", [HADOLINT, "--no-color", "docker/Dockerfile"]),
    Step("containers", [*PYTHON, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE]),
    Step("production settings", [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
]


def environment(step: Step) -> dict[str, str]:
    """What the step's process sees of the environment."""
    hidden = {name: "" for name in UNSET if name not in step.keeps}  # empty hides what a .env file says, too
    return {**os.environ, **hidden, **step.variables}


def check(step: Step) -> bool:
    """Run one check, silent when it passes; answers whether it did."""
    began = time.monotonic()
    done = subprocess.run(
        step.command, env=environment(step), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    passed = done.returncode == 0
    said = f"{step.title:<20} {'ok' if passed else 'FAILED'} ({time.monotonic() - began:.1f} s)\n"
    print(said if passed else f"{said}{done.stdout}\n", end="", flush=True)  # at once: checks run side by side
    return passed


def run_suite(step: Step) -> bool:
    """Run pytest with its output passed through; answers whether all passed."""
    print(f"\n{step.title}", flush=True)
    status = subprocess.run(step.command, env=environment(step), check=False).returncode
    if status < 0:
        print(f"{step.title}: ended from outside, by signal {-status}.", file=sys.stderr)
    return status == 0


def suites(arguments: Sequence[str]) -> list[Step]:
    """The suite on SQLite and what uses the database on PostgreSQL too, with more arguments for pytest."""
    longest = 3600 if NIGHTLY else 300  # seconds for one test
    pytest = [
        *PYTHON,
        "-m",
        "pytest",
        "-q",
        "-n",
        str(WORKERS),
        "--dist",
        "worksteal",
        "--timeout",
        str(longest),
    ]
    again = [] if NIGHTLY else ["-m", "database and not once"]  # the rest would say what it has said on SQLite
    in_turn = {} if NIGHTLY else {"CRM_TEST_IN_TURN": "yes"}  # what is marked `shared` runs on one of the two
    on_postgres = [*PYTHON, "-m", "tests.postgres", "--", *pytest, *again, *arguments]
    return [
        Step("Tests on SQLite", [*pytest, *arguments], in_turn),
        Step("Tests on PostgreSQL", on_postgres, in_turn, keeps=["DATABASE_URL"]),
    ]


def main(arguments: list[str]) -> int:
    """Run what the arguments ask for; answers the exit status."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as cores:
        results = list(cores.map(check, CHECKS))
    if not all(results):
        print("The checks found something; the tests were not started.", file=sys.stderr)
        return 1
    if arguments == ["--only", "lint"]:
        return 0
    browser = subprocess.run([*PYTHON, "-m", "tests.browser.chromium"], stdout=subprocess.DEVNULL, check=False)
    if browser.returncode != 0:
        return 1
    return 0 if all(run_suite(step) for step in suites(arguments)) else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
