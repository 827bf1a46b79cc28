"""The image and the compose file hold what the product needs: every app, every folder, every setting asked for."""

import re
from pathlib import Path

from django.apps import apps
from django.conf import settings

TOP = Path(settings.BASE_DIR)
DOCKERFILE = (TOP / "docker" / "Dockerfile").read_text()
COMPOSE = (TOP / "docker" / "compose.yaml").read_text()
COPIED = set(re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.MULTILINE))


def ours() -> set[str]:
    """The folders of our own apps."""
    return {Path(app.path).name for app in apps.get_app_configs() if Path(app.path).parent == TOP}


def test_every_app_and_what_it_shows_is_copied() -> None:
    assert ours() | {"crm", "templates", "static", "locale"} == COPIED


def test_what_is_copied_is_not_ignored() -> None:
    let_in = {line[1:] for line in (TOP / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert COPIED | {"manage.py", "pyproject.toml", "requirements/base.txt"} == let_in


def test_it_does_not_run_as_root_and_shows_no_other_port_than_the_proxys() -> None:
    assert "USER 10001:10001" in DOCKERFILE
    assert re.findall(r"ports: (.*)", COMPOSE) == ['["80:80", "443:443"]']


def test_every_value_that_must_be_filled_in_is_in_the_example() -> None:
    asked = set(re.findall(r"\$\{(\w+):\?", COMPOSE))
    given = set(re.findall(r"^(\w+)=", (TOP / "docker" / "example.env").read_text(), re.MULTILINE))
    assert asked <= given
    assert "SECRET_KEY" in asked


def test_every_setting_of_the_compose_file_is_one_of_ours() -> None:
    known = set(re.findall(r"^(\w+)=", (TOP / ".env.example").read_text(), re.MULTILINE))
    block = COMPOSE.split("environment: &settings")[1].split("logging:")[0]
    assert set(re.findall(r"^ +([A-Z_]+):", block, re.MULTILINE)) <= known
