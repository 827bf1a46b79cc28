"""Catalogues come in and go out as files: what an administrator's form refuses, a file cannot bring in either."""

import csv
import io
import re
from decimal import Decimal

import pytest

from contacts.models import MessageTemplate, Messenger
from deals.models import DocumentKind, Stage
from leads.models import CallScript, ImportFile, Office
from sources.models import SourceSpend
from tasks.models import SpecialDay, TaskRule
from tasks.resources import written
from tests.factories import AdminFactory
from tests.leads.table_files import counts, csv_text, taken
from tests.pages import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.shared, pytest.mark.usefixtures("catalogues")]
PAGES = {
    "stages": ("deals/stage", Stage),
    "documents": ("deals/documentkind", DocumentKind),
    "rules": ("tasks/taskrule", TaskRule),
    "days": ("tasks/specialday", SpecialDay),
    "offices": ("leads/office", Office),
    "scripts": ("leads/callscript", CallScript),
    "messengers": ("contacts/messenger", Messenger),
    "templates": ("contacts/messagetemplate", MessageTemplate),
    "spends": ("sources/sourcespend", SourceSpend),
}


@pytest.fixture
def admin():
    return AdminFactory()


def exported(admin, kind: str) -> list[list[str]]:
    page = signed_in(admin).post(f"/admin/{PAGES[kind][0]}/export/", {"format": "0", "resource": "0"})
    return list(csv.reader(io.StringIO(page.content.decode("utf-8-sig"))))


def stored(kind: str) -> list:
    rows = [list(PAGES[kind][1].objects.order_by("pk").values())]
    return (
        rows
        if kind != "rules"
        else [*rows, [written(step) for rule in TaskRule.objects.all() for step in rule.steps.all()]]
    )


def without_ids(rows: list[dict]) -> list[str]:
    return sorted(str({**row, "id": 0}) for row in rows)


@pytest.mark.parametrize("kind", PAGES)
def test_what_went_out_comes_in_and_changes_nothing(admin, kind: str) -> None:
    if not PAGES[kind][1].objects.exists():
        rows = {
            "spends": [["Источник", "Год", "Месяц", "Сумма"], ["Сайт", "2026", "11", "1500.50"]],
            "scripts": [["status", "step_1"], ["Прозвон", "Здравствуйте"]],
            "offices": [["code", "name", "active"], ["center", "Офис на Садовой", "да"]],
        }[kind]
        assert counts(taken(csv_text(rows), by=admin, kind=kind))[0] == 1
    before, table = stored(kind), exported(admin, kind)
    assert len(table) == len(before[0]) + 1
    assert f"/imports/?kind={kind}" in signed_in(admin).get(f"/admin/{PAGES[kind][0]}/").content.decode()
    assert counts(taken(csv_text(table), by=admin, kind=kind)) == (0, 0, len(table) - 1, 0)
    assert stored(kind) == before
    PAGES[kind][1].objects.all().delete()
    assert counts(taken(csv_text([*table, []]), by=admin, kind=kind)) == (len(table) - 1, 0, 0, 0)
    assert without_ids(stored(kind)[0]) == without_ids(before[0])


@pytest.mark.parametrize(
    ("kind", "head", "row", "said"),
    [
        ("stages", "code;name;color", "court;Суд;pink", "pink"),
        ("days", "date;name;working;yearly", "2026-11-04;День;1;1", "одного года"),
        ("days", "date;name", "вчера;День", "вчера|дату"),
        ("messengers", "code;name;link", "sms;SMS;javascript:alert(1)", "javascript|ссылк|Ссылк"),
        ("rules", "status;kind;on;pace;steps", "new;Задача;lead;at_once;entry +1y", "entry \\+1y"),
        ("rules", "status;kind;on;pace;steps", "new;Задача;lead;cadence;", "шаг"),
        ("spends", "source;year;month;amount", "site;2026;13;5", "."),
        ("spends", "source;year;month;amount", "нигде;2026;11;5", "."),
    ],
)
def test_what_the_form_refuses_is_refused_in_words(admin, kind: str, head: str, row: str, said: str) -> None:
    before = stored(kind)
    file: ImportFile = taken(f"{head}\n{row}\n", by=admin, kind=kind)
    assert counts(file) == (0, 0, 0, 1)
    assert re.search(said, file.refused_rows.get().reason), file.refused_rows.get().reason
    assert stored(kind) == before


def test_columns_left_out_stay_and_the_steps_of_a_rule_are_one_cell(admin) -> None:
    stage = Stage.objects.order_by("position").first()
    taken(csv_text([["code", "Порядок"], [stage.code, "7"]]), by=admin, kind="stages")
    changed = Stage.objects.get(pk=stage.pk)
    assert (changed.position, changed.name, changed.color) == (7, stage.name, stage.color)
    steps = "entry; entry +1wd at 10:00 by sms; meeting -120m"
    taken(csv_text([["status", "kind", "on", "steps"], ["new", "Задача", "lead", steps]]), by=admin, kind="rules")
    rule = TaskRule.objects.get(status="new", kind="manual")
    assert "; ".join(written(step) for step in rule.steps.all()) == steps
    spend = [["Источник", "Год", "Месяц", "Сумма"], ["Сайт", "2026", "11", "1500,50"], ["site", "2026", "11", "90"]]
    file = taken(csv_text(spend), by=admin, kind="spends")
    assert counts(file) == (1, 0, 1, 0), file.refused_rows.get().reason
    assert SourceSpend.objects.get().amount == Decimal(90)
