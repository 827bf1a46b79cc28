"""What only a reviewer would see, made into checks: the workshop's part of the house rules."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ["crm", "team", "contacts", "sources", "history", "outbox", "tasks", "deals", "leads", "reports", "bitrix24"]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def tracked(*patterns: str) -> list[Path]:
    """The files that git knows, so that leftovers of a build are not judged."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_every_variable_of_the_settings_is_explained_in_the_example_file() -> None:
    settings = (ROOT / "crm" / "settings.py").read_text()
    read = set(re.findall(r'\b(?:text|switch|whole|rate)\(\s*"([A-Z0-9_]+)"', settings))
    example = (ROOT / ".env.example").read_text()
    assert "DATABASE_URL" in read
    assert read == set(re.findall(r"^([A-Z0-9_]+)=", example, re.MULTILINE))
    explained = re.findall(r"^# .+\n(?:# .+\n)*[A-Z0-9_]+=", example, re.MULTILINE)
    assert len(explained) == len(read), "each variable has a line above it that explains it"


def test_the_environment_is_read_in_the_settings_only() -> None:
    may = {"crm/environment.py", "crm/supervisor.py", "crm/celery.py", "crm/wsgi.py"}
    may |= {"crm/bench_pages.py", "crm/dumps.py", "crm/management/commands/runstack.py"}  # for what they start
    found = {
        str(path.relative_to(ROOT))
        for path in tracked(*(f"{app}/*.py" for app in APPS))
        if re.search(r"os\.(environ|getenv)", path.read_text())
    }
    assert found <= may


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_names_no_address_and_hashes_everything(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert not re.search(r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host)", text, re.MULTILINE)
    packages = re.findall(r"^[a-z0-9][a-z0-9._-]*(?:\[[^]]+\])?==.*\n(?:.*\n)??.*--hash=sha256:", text, re.MULTILINE)
    assert len(packages) == len(re.findall(r"^[a-z0-9][a-z0-9._-]*(?:\[[^]]+\])?==", text, re.MULTILINE)) > 0


def test_every_list_of_requirements_has_its_lock() -> None:
    lists = {path.stem for path in (ROOT / "requirements").glob("*.in")}
    assert lists == {path.stem for path in LOCKS}


def test_no_file_knows_a_machine() -> None:
    path_of_a_machine = re.compile(rb"(?<![\w./-])/(?:home|root|work|farm|Users|opt/(?!homebrew))/?[\w.-]+/")
    found = [
        f"{path.relative_to(ROOT)}: {match.group().decode()}"
        for path in tracked()
        if path.suffix not in {".png", ".ico", ".woff2", ".xlsx"}
        if (match := path_of_a_machine.search(path.read_bytes()))
    ]
    assert found == []


def test_nothing_is_left_for_later() -> None:
    left = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    mine = Path(__file__)
    found = [
        str(path.relative_to(ROOT))
        for path in tracked("*.py", "*.html", "*.js", "*.css", "Makefile", ".ci/run")
        if path != mine and left.search(path.read_text())
    ]
    assert found == []


def test_every_target_of_the_makefile_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = set(" ".join(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)).split())
    assert phony == set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))


def test_python_files_stay_below_400_lines() -> None:
    long = [
        str(path.relative_to(ROOT))
        for path in tracked("*.py")
        if "migrations" not in path.parts and len(path.read_text().splitlines()) > 400
    ]
    assert long == []


def test_migrations_import_nothing_of_ours_but_what_columns_begin_with() -> None:
    # The clock and a new secret's label are defaults of columns, which makemigrations writes down by name.
    ours = re.compile(rf"^(?:from|import) (?!crm\.(?:clock|signatures)$)(?:{'|'.join(APPS)})\b", re.MULTILINE)
    found = [str(path.relative_to(ROOT)) for path in tracked("*/migrations/*.py") if ours.search(path.read_text())]
    assert found == []


WRITES = re.compile(
    r"\.(?:save|asave|bulk_create|bulk_update|get_or_create|update_or_create)\(|\.objects\.create\(|_set\.create\("
    r"|\.(?:filter|all|exclude)\([^\n]*\)\.(?:update|delete)\("
)


def test_views_and_api_write_nothing_themselves() -> None:
    edges = tracked(
        *("*/api.py", "*/views.py", "*/views/*.py", "*/forms.py", "*/serializers.py", "*/filters.py"),
        *("*/admin.py", "*/admin/*.py", "*/resources.py"),
    )
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}" for path in edges if (match := WRITES.search(path.read_text()))
    ]
    assert {path.name for path in edges} >= {"api.py", "views.py", "moves.py"}, "packages of views are looked into"
    assert found == []


EDGES = (
    *("*/api.py", "*_api.py", "*/views.py", "*_views.py", "*/views/*.py", "*/forms.py", "*_form.py", "*_forms.py"),
    *("*/serializers.py", "*/filters.py", "*/admin.py", "*/admin/*.py", "*/resources.py", "*/jobs.py"),
    *("leads/board.py", "leads/bulk.py", "leads/exported_lists.py", "leads/outgoing.py", "leads/search.py"),
)
OF_SOMEBODY = re.compile(
    r"\b(?:Lead|Contact|Deal|Task|Touch|Event|BulkAction|ExportFile|SavedView|Notice|Trace)\b(?:\.\w*objects|\.with_undone|,)"
)
ASKS_WHOSE = re.compile(r"visible_to\(|\b(?:by|owner|recipient|user)=")
# Who has just changed an object is told of it although it may no longer be theirs; an errand is known to its worker.
TOLD_AFTERWARDS = {
    "leads/views/day.py": 2,
    "leads/views/moves.py": 2,
    "leads/serializers.py": 1,
    "leads/bulk.py": 2,
    "deals/views/changes.py": 1,
}


def fetched(source: str) -> Iterator[str]:
    """Each call that fetches one object by what the caller says, in one line."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in {"get", "get_object_or_404", "in_bulk"}:
                yield " ".join((ast.get_source_segment(source, node) or "").split())


def test_objects_are_fetched_by_who_may_see_them_only() -> None:
    """`reliability.md`, D9."""
    bare = {
        str(path.relative_to(ROOT)): found
        for path in tracked(*EDGES)
        if (found := [x for x in fetched(path.read_text()) if OF_SOMEBODY.search(x) and not ASKS_WHOSE.search(x)])
    }
    assert {name: len(found) for name, found in bare.items()} == TOLD_AFTERWARDS, bare


def test_a_leads_status_is_assigned_in_its_verbs_only() -> None:
    may = {"leads/actions.py", "leads/intake.py", "crm/demo/story.py"}
    assigns = re.compile(r"\.status = |\.update\([^)]*\bstatus=|setattr\([^)]*[\"']status[\"']")
    found = {
        str(path.relative_to(ROOT))
        for path in tracked("leads/*.py", "reports/*.py", "crm/demo/*.py")
        if assigns.search(path.read_text())
    }
    assert found <= may


def test_only_the_mirror_talks_to_the_outside() -> None:
    own = {"crm/management/commands/runstack.py", "crm/bench_pages.py"}  # they ask a web server that they started
    may = {"bitrix24/client.py"} | own
    http = re.compile(
        r"^\s*(?:import|from) (?:requests|httpx|urllib3|urllib\.request|http\.client|aiohttp)\b", re.MULTILINE
    )
    found = {
        str(path.relative_to(ROOT))
        for path in tracked(*(f"{app}/*.py" for app in APPS))
        if http.search(path.read_text())
    }
    assert found <= may
