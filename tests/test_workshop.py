"""The tests' own tools: a skip fails the run, and PostgreSQL comes and goes with its command."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXCUSES = {
    "skipped": "import pytest\n\n@pytest.mark.skip(reason='later')\ndef test_it(): pass\n",
    "expected to fail": "import pytest\n\n@pytest.mark.xfail\ndef test_it(): assert 0\n",
    "whole file": "import pytest\n\npytest.skip('later', allow_module_level=True)\n",
}


def test_tests_that_are_excused_fail_the_run(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    for number, code in enumerate(EXCUSES.values()):
        (tmp_path / f"test_excused_{number}.py").write_text(code)
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path)]
    command += ["-p", "no:cacheprovider", "--continue-on-collection-errors", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0, done.stdout
    for number, excuse in enumerate(EXCUSES):
        told = [line for line in done.stdout.splitlines() if f"test_excused_{number}.py" in line]
        assert any(line.startswith(("FAILED", "ERROR")) for line in told), (excuse, done.stdout)
    assert done.stdout.count("counts as a failure") >= len(EXCUSES), done.stdout


def test_postgresql_comes_and_goes_with_its_command(tmp_path: Path) -> None:
    look = "import os, psycopg; psycopg.connect(os.environ['DATABASE_URL']).close(); print(os.environ['PGHOST'])"
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "PGHOST"}}
    command = [sys.executable, "-m", "tests.postgres", "--", sys.executable, "-c", look]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not Path(done.stdout.strip()).exists()


def test_a_database_that_is_named_is_used() -> None:
    show = [sys.executable, "-c", "import os; print(os.environ['DATABASE_URL'])"]
    environment = {**os.environ, "DATABASE_URL": "postgres://elsewhere/crm"}
    command = [sys.executable, "-m", "tests.postgres", "--", *show]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "postgres://elsewhere/crm"


@pytest.mark.parametrize("status", [0, 3])
def test_the_status_of_the_command_is_passed_on(status: int) -> None:
    environment = {**os.environ, "DATABASE_URL": "postgres://elsewhere/crm"}
    command = [sys.executable, "-m", "tests.postgres", "--", sys.executable, "-c", f"raise SystemExit({status})"]
    assert subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == status
