"""Deals and their stages in the admin."""

import pytest

from deals.documents import set_documents
from deals.models import Deal, DocumentKind, Stage
from history.models import Event
from tasks.models import RuleStep, TaskRule
from tests.factories import AdminFactory, LawyerFactory, OperatorFactory, deal
from tests.pages import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

LIST = "/admin/deals/deal/"
STAGES = "/admin/deals/stage/"


@pytest.fixture
def admin():
    return signed_in(AdminFactory())


def typed(row: Deal, **changes: object) -> dict[str, object]:
    sums = {"amount": row.amount, "prepayment": row.prepayment, "paid_later": row.paid_later}
    return {**sums, "contract_number": "", "seen": row.version, **changes}


def test_a_deal_is_edited_by_the_verb_and_its_stage_is_not(admin) -> None:
    row = deal()
    filed = Stage.objects.get(code="filed")
    sent = typed(row, amount="200000", comment="Срочно", stage=filed.pk, source="1", responsible="1", lead="1")
    assert admin.post(f"{LIST}{row.pk}/change/", sent).status_code == 302
    after = Deal.objects.get()
    assert (after.amount, after.comment, after.stage.code, after.source_id) == (
        200000,
        "Срочно",
        "documents",
        row.source_id,
    )
    assert Event.objects.filter(kind=Event.Kind.EDITED, deal=row).exists()


@pytest.mark.parametrize(
    "changes",
    [{"amount": "0"}, {"prepayment": "999999999"}, {"amount": ""}, {"contract_number": "Д-1"}, {"seen": "99"}],
    ids=str,
)
def test_what_the_verb_refuses_is_said_on_the_form(admin, changes: dict[str, str]) -> None:
    deal(number="Д-1")
    row = deal()
    answer = admin.post(f"{LIST}{row.pk}/change/", typed(row, **{"comment": "x", **changes}))
    assert answer.status_code == 200
    assert answer.context["errors"]
    assert Deal.objects.get(pk=row.pk).comment == ""


def test_deals_are_moved_and_handed_over_by_actions(admin) -> None:
    row, lawyer = deal(), LawyerFactory()
    sent = {"_selected_action": row.pk, "apply": "1"}
    admin.post(LIST, {**sent, "action": "move", "stage": "filed"})
    assert Deal.objects.get().stage.code == "filed"
    assert Event.objects.filter(kind=Event.Kind.STAGE, deal=row, by__role="admin").count() == 1
    assert admin.post(LIST, {**sent, "action": "move", "stage": "nowhere"}).context["form"].errors
    admin.post(LIST, {**sent, "action": "assign", "responsible": lawyer.pk})
    assert Deal.objects.get().responsible == lawyer
    assert admin.post(LIST, {**sent, "action": "assign", "responsible": OperatorFactory().pk}).context["form"].errors
    assert admin.get(f"{LIST}add/").status_code == 403


def test_a_stage_in_use_is_not_deleted_and_keeps_its_code(admin) -> None:
    deal()
    used, free = Stage.objects.get(code="documents"), Stage.objects.get(code="ruling")
    assert admin.post(f"{STAGES}{used.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin.post(f"{STAGES}{free.pk}/delete/", {"post": "yes"}).status_code == 302
    sent = {
        "code": "other",
        "name": "Документы",
        "name_en": "Papers",
        "position": "5",
        "color": "st-new",
        "active": "on",
    }
    assert admin.post(f"{STAGES}{used.pk}/change/", sent).status_code == 302
    used.refresh_from_db()
    assert (used.code, used.name, used.position) == ("documents", "Документы", 5)
    assert admin.post(f"{STAGES}{used.pk}/change/", {**sent, "color": "red"}).status_code == 200
    assert "Документы" in text_of(admin.get(STAGES))


def test_task_rules_are_edited_with_their_steps(admin) -> None:
    rule = TaskRule.objects.get(status="new")
    step = rule.steps.get()
    sent = {"status": "new", "kind": rule.kind, "text": "Позвонить", "on": "lead", "pace": "at_once", "position": "1"}
    steps = {
        "steps-TOTAL_FORMS": "2",
        "steps-INITIAL_FORMS": "1",
        "steps-0-id": step.pk,
        "steps-0-rule": rule.pk,
        "steps-0-position": "0",
        "steps-0-anchor": "entry",
        "steps-0-days": "0",
        "steps-0-minutes": "15",
        "steps-1-position": "1",
        "steps-1-anchor": "entry",
        "steps-1-days": "1",
        "steps-1-minutes": "0",
    }
    page = f"/admin/tasks/taskrule/{rule.pk}/change/"
    assert "Новый" in text_of(admin.get(page))
    assert admin.post(page, {**sent, "active": "on", **steps}).status_code == 302
    rule.refresh_from_db()
    assert rule.text == "Позвонить"
    assert list(RuleStep.objects.filter(rule=rule).values_list("days", "minutes")) == [(0, 15), (1, 0)]
    wrong = {**steps, "steps-1-days": "-1", "steps-1-working_days": "on"}
    assert admin.post(page, {**sent, **wrong}).status_code == 200
    assert admin.post(page, {**sent, **steps, "status": "nowhere"}).status_code == 200


def test_the_shipped_documents_are_a_catalogue_in_which_one_in_use_is_only_switched_off(admin) -> None:
    used, free = DocumentKind.objects.all()[:2]
    set_documents(deal().pk, {used.pk: "received"}, by=None)
    page = "/admin/deals/documentkind/"
    assert "Паспорт, все страницы" in text_of(admin.get(page))
    assert admin.post(f"{page}{used.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin.post(f"{page}{free.pk}/delete/", {"post": "yes"}).status_code == 302
