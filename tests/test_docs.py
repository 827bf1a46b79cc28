"""What the documents name is there: files, links, commands, settings, layers, and the line that makes a first lead."""

import argparse
import re
import shlex
import tomllib
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command, get_commands, load_command_class
from django.test import Client

from crm.demo_people import PEOPLE
from leads.models import Lead
from tests.factories import OperatorFactory
from tests.test_house import APPS, ROOT, tracked

SPEC = ROOT / "docs" / "spec"
# The specification tells of the whole product, so what it names need not be there yet.
PAGES = [path for path in tracked("*.md") if path.parent != SPEC or path.name == "README.md"]
# Capitals that are no settings, or are both.
WORDS = {"IMMEDIATE", "MOVES", "DEBUG", "USERNAME", "NEW", "CONVERTED", "WON"}
OUTSIDE = {"crm.dump", "crm-backup.sqlite3", "sqlite3"}  # made by the reader, or of the system


def read(name: str) -> str:
    return (ROOT / name).read_text()


def fences(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def quoted(text: str) -> list[str]:
    """What stands in `backticks`, outside of blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


def commands(text: str) -> list[str]:
    """Everything that a reader may type: lines of blocks without their remarks, and what stands in backticks."""
    lines = [re.split(r"\s+#\s", line)[0] for block in fences(text, "sh") for line in block.splitlines()]
    return [*lines, *quoted(text)]


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_documents_are_there() -> None:
    known = {name_of(path) for path in PAGES}
    assert {"README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/operations.md", "docs/pipeline.md"} <= known


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        link = urlsplit(target)
        assert not link.scheme, f"{target} leads out of the repository"
        file = (page.parent / link.path).resolve() if link.path else page
        assert file.exists(), target
        assert not link.fragment or link.fragment in anchors(file), target


def test_pictures_are_small() -> None:
    pictures = tracked("docs/img/*")
    shown = ("lead-card", "my-day", "source-report")
    assert {name_of(path) for path in pictures} == {f"docs/img/{name}.png" for name in shown}
    assert all(path.stat().st_size < 200_000 for path in pictures)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_targets_of_make_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):.*##", read("Makefile"), re.MULTILINE))
    named = {found for line in commands(page.read_text()) for found in re.findall(r"(?:^|\s)make ([a-z]+)", line)}
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_of_manage_py_exist_with_their_options(page: Path) -> None:
    available = get_commands()
    for line in commands(page.read_text()):
        for name, rest in re.findall(r"manage\.py ([a-z0-9]+)([^)|]*)", line):
            assert name in available, line
            app = available[name]
            command = load_command_class(app, name) if isinstance(app, str) else app
            parser: argparse.ArgumentParser = command.create_parser("manage.py", name)
            options = set(re.findall(r"(?<=\s)--[a-z-]+", rest))
            known = set(parser._option_string_actions)
            for action in parser._actions:
                if isinstance(action, argparse._SubParsersAction):
                    known |= {option for wish in action.choices.values() for option in wish._option_string_actions}
            assert options <= known, line


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_settings_exist(page: Path) -> None:
    known = set(re.findall(r"^([A-Z0-9_]+)=", read(".env.example"), re.MULTILINE)) | WORDS
    text = page.read_text()
    named = set(re.findall(r"`([A-Z][A-Z0-9_]{2,})(?:=[^`]*)?`", text))
    named |= set(re.findall(r"^([A-Z][A-Z0-9_]+)=\S* make", text, re.MULTILINE))
    assert named <= known


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_that_are_named_exist(page: Path) -> None:
    kinds = re.compile(r"^[\w./*-]+\.(?:py|md|txt|in|js|css|po|html|example|png)$|^\.env\.example$")
    for name in quoted(page.read_text()):
        if not kinds.match(name) or name in OUTSIDE or name == "manage.py":
            continue
        places = [page.parent, ROOT, *([] if "/" in name else [ROOT / app for app in APPS])]
        # in the table of places, `views.py` also stands for a package of views
        candidates = [name, name.removesuffix(".py")] if name.endswith(".py") else [name]
        assert any(list(place.glob(one)) for place in places for one in candidates), name


def test_what_docstrings_refer_to_exists() -> None:
    documents = {path.name for path in tracked("*.md")}
    for path in tracked(*(f"{app}/*.py" for app in APPS), "tests/*.py"):
        for name in re.findall(r"(?<![\w*])(?:[\w-]+/)*([\w-]+\.md)\b", path.read_text()):
            assert name in documents, f"{name_of(path)}: {name}"


def test_the_picture_of_the_layers_is_what_is_enforced() -> None:
    picture = next(
        block for block in fences(read("docs/architecture.md"), "mermaid") if block.startswith("flowchart TD")
    )
    labels = dict(re.findall(r'(\w+)\["([^"]+)"\]', picture))
    order = next(line for line in picture.splitlines() if line.count("-->") > 1)
    drawn = [labels[name.strip()] for name in order.split("-->")]
    contract = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"][0]
    enforced = [re.sub(r"[()]", "", layer).replace(" : ", " · ") for layer in contract["layers"]]
    assert drawn == enforced
    assert len(labels) == len(drawn)


def test_every_app_is_explained() -> None:
    explained = re.findall(r"^\| `(\w+)` \| ", read("docs/architecture.md"), re.MULTILINE)
    assert sorted(explained) == sorted(APPS)


def test_every_decision_is_listed() -> None:
    notes = {path.name for path in tracked("docs/decisions/0*.md")}
    assert set(re.findall(r"\]\((0[^)]+)\)", read("docs/decisions/README.md"))) == notes
    for name in notes:
        number, text = int(name[:4]), read(f"docs/decisions/{name}")
        assert text.startswith(f"# {number}. ")
        assert all(f"**{part}.**" in text for part in ("Choice", "Why", "What follows"))


def test_the_readme_names_people_of_the_demonstration() -> None:
    people = {person.username for person in PEOPLE}
    tour = re.findall(r"^\| [^|]+ \| `(\w+)` \|", read("README.md"), re.MULTILINE)
    assert len(tour) == 4
    assert set(tour) <= people


@pytest.mark.django_db
def test_the_line_of_the_readme_creates_a_lead(catalogues: None) -> None:
    block = next(block for block in fences(read("README.md"), "sh") if "/api/v1/leads/" in block)
    first, second = block.strip().splitlines()
    made = re.fullmatch(r"KEY=\$\(\.venv/bin/python manage\.py (apikey) (\w+) (--intake)\)", first)
    assert made is not None, first
    OperatorFactory(username=made[2])
    printed = StringIO()
    call_command(made[1], made[2], made[3], stdout=printed, stderr=StringIO())
    key = printed.getvalue().strip().splitlines()[-1]

    curl = argparse.ArgumentParser()
    curl.add_argument("address")
    curl.add_argument("-H", action="append")
    curl.add_argument("-d")
    words = [word.replace("$KEY", key) for word in shlex.split(second)]
    assert words[0] == "curl"
    asked = curl.parse_args(words[1:])
    headers = dict(line.split(": ") for line in asked.H)
    address = urlsplit(asked.address)
    assert address.netloc == "127.0.0.1:8000", "where `make run` listens"
    answer = Client().post(address.path, asked.d, content_type=headers.pop("Content-Type"), headers=headers)
    assert answer.status_code == 201, answer.content
    lead = Lead.objects.get(pk=answer.json()["id"])
    assert (lead.status, lead.source.code, str(lead.contact.phone)) == ("new", "yandex_direct", "+79123456789")
