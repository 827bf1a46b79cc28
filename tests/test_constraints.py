"""What the database refuses by itself, from whatever code or shell it comes: each constraint by its name.

The rows are written past the verbs, with `bulk_create` or `update`, as a shell or a careless script would.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from bitrix24.models import Entry, Line, Wiring
from contacts.models import Contact, LinkedCard, Messenger
from crm import clock
from deals.models import Deal, DealDocument, DocumentKind, Stage
from history.models import JournalHead, JournalLine
from leads.models import (
    BulkAction,
    BulkLead,
    Call,
    CallScript,
    DayPlan,
    DistributionPolicy,
    Exchange,
    ExportFile,
    ExportPolicy,
    HeaderSet,
    IdempotencyKey,
    ImportFile,
    IntakePolicy,
    LandingForm,
    Lead,
    ListLook,
    RefusedRow,
    SavedView,
    Touch,
    TouchPolicy,
    Trace,
    ValueMeaning,
)
from outbox.models import Link, Mark
from reports.models import LeadChange, Tally, Tallying
from sources.models import Source, SourceAlias, SourceSpend
from tasks.models import CallingHours, EscalationPolicy, RuleStep, SpecialDay, Task, TaskRule
from team.models import ApiKey, Digest, Hold, Notice, SecondFactor, SentForm, ShiftPeriod, ShiftPolicy, Skip, User
from tests.factories import ApiKeyFactory, OperatorFactory, deal, lead, lead_in, phone, touch

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

Write = Callable[[], Any]
OURS = {"crm", "team", "contacts", "sources", "history", "outbox", "tasks", "deals", "leads", "reports", "bitrix24"}


def new(model: type[models.Model], **fields: Any) -> Write:
    """Two chances to be refused: the row itself, past `save()`."""
    return lambda: model._default_manager.bulk_create([model(**fields)])


def change(row: models.Model, **fields: Any) -> Write:
    return lambda: type(row)._default_manager.filter(pk=row.pk).update(**fields)


def leads() -> dict[str, list[Write]]:
    row, signed, key = lead(external_id="a", key=ApiKeyFactory()), lead_in("contract_prepaid"), ApiKeyFactory()
    lead(external_id="b", key=key)
    other, repeat = lead(), lead(phone=row.phone)
    now = clock.now()
    return {
        "lead_status_is_known": [change(row, status="won"), change(row, status="")],
        "lead_has_a_reason_iff_junk": [
            change(row, status="junk"),
            change(row, junk_reason="refused"),
            change(row, status="junk", junk_reason="bored"),
        ],
        "lead_names_its_original_iff_duplicate": [
            change(other, status="junk", junk_reason="duplicate"),
            change(other, duplicate_of=row),
            change(repeat, junk_reason="refused"),
            change(repeat, duplicate_of=None),
        ],
        "lead_is_not_its_own_duplicate": [
            change(other, status="junk", junk_reason="duplicate", duplicate_of=other),
        ],
        "one_original_lead_per_contact": [
            new(Lead, contact=row.contact, source=row.source),
            change(other, contact=row.contact),
        ],
        "lead_external_id_once_per_key": [new(Lead, source=row.source, api_key=key, external_id="b")],
        "signed_lead_has_milestone": [
            change(row, status="contract"),
            change(lead_in("contract"), reached_contract_at=None),
        ],
        "prepaid_lead_has_milestone": [
            change(signed, reached_prepaid_at=None),
            change(row, status="contract_prepaid", reached_contract_at=now),
        ],
        "prepaid_contract_is_a_contract": [change(row, reached_prepaid_at=now)],
        "source is mandatory": [new(Lead, source=None), change(row, source=None)],
    }


def touches() -> dict[str, list[Write]]:
    key = ApiKeyFactory(kind="intake")
    row = touch(lead(), key=key, external_id="call-1")
    again = {"lead": row.lead, "channel": "call", "outcome": "busy", "at": row.at}
    return {
        "touch_channel_is_known": [change(row, channel="pigeon"), new(Touch, **again | {"channel": ""})],
        "touch_direction_is_known": [change(row, direction="sideways")],
        "touch_outcome_is_known": [change(row, outcome="maybe"), new(Touch, **again | {"outcome": ""})],
        "touch_external_id_once_per_key": [new(Touch, api_key=key, external_id="call-1", **again)],
        "touch needs a lead": [new(Touch, **again | {"lead": None})],
    }


def doors() -> dict[str, list[Write]]:
    exchange = Exchange.objects.create(
        name="АТС", source=Source.objects.get(code="call"), api_key=ApiKeyFactory(kind="intake")
    )
    call = Call.objects.create(exchange=exchange, call_id="1")
    form = LandingForm.objects.create(name="Квиз", consent_version="1", api_key=ApiKeyFactory(kind="intake"))
    return {
        "call_is_known_once": [new(Call, exchange=exchange, call_id="1")],
        "call_direction_is_known": [change(call, direction="sideways")],
        "call_outcome_is_known": [change(call, outcome="shouted")],
        "a form's key is its own": [new(LandingForm, name="Б", key=form.key, api_key=ApiKeyFactory(kind="intake"))],
        "one key for a form": [new(LandingForm, name="В", api_key=form.api_key)],
        "one key for an exchange": [new(Exchange, name="Г", source=exchange.source, api_key=exchange.api_key)],
    }


def deals() -> dict[str, list[Write]]:
    one, other = deal(number="Б-1", prepaid=True), deal(number="Б-2")
    kind = DocumentKind.objects.all()[0]
    paper = DealDocument.objects.create(deal=one, kind=kind)
    return {
        "deal_received_within_amount": [
            change(one, paid_later=one.amount - one.prepayment + Decimal("0.01")),
            change(one, paid_later=Decimal("-0.01")),
        ],
        "deal_next_payment_is_positive": [change(one, next_payment=0)],
        "one_row_per_document": [new(DealDocument, deal=one, kind=kind)],
        "document_state_is_known": [change(paper, state="lost"), change(paper, state="")],
        "name of a document is unique": [new(DocumentKind, name=kind.name)],
        "deal_amount_is_positive": [change(one, amount=0, prepayment=0), change(one, amount=Decimal(-1), prepayment=0)],
        "deal_prepayment_within_amount": [
            change(one, prepayment=one.amount + Decimal("0.01")),
            change(one, prepayment=Decimal("-0.01")),
        ],
        "contract_number_is_unique": [change(other, contract_number="Б-1")],
        "one deal per lead": [new(Deal, lead=one.lead, source=one.source, stage=one.stage, amount=1)],
        "source is mandatory": [change(one, source=None)],
        "stage code is unique": [new(Stage, code=one.stage.code, name="Ещё один")],
    }


def tasks() -> dict[str, list[Write]]:
    row, one = lead(), deal()
    task, collect = row.tasks.get(), one.tasks.get()
    by_rule = {"kind": task.kind, "step": task.step, "stay": task.stay, "automatic": True, "due_at": task.due_at}
    call = {"kind": "contact_client", "automatic": True, "repeat": True, "due_at": task.due_at}
    Task.objects.bulk_create([Task(lead=row, **call), Task(deal=one, **call)])
    rule = TaskRule.objects.get(status="new")
    return {
        "task_is_on_a_lead_or_a_deal": [
            change(task, lead=None),
            change(task, deal=one),
            new(Task, kind="manual", due_at=task.due_at),
        ],
        "task_is_open_or_has_an_end": [change(task, state="done"), change(task, closed_at=clock.now())],
        "task_state_is_known": [change(task, state="later", closed_at=clock.now())],
        "automatic_task_of_lead_once": [new(Task, lead=row, **by_rule)],
        "automatic_task_of_deal_once": [
            new(Task, deal=one, kind=collect.kind, step=collect.step, automatic=True, due_at=task.due_at)
        ],
        "one_open_repeat_of_lead": [new(Task, lead=row, **call)],
        "one_open_repeat_of_deal": [new(Task, deal=one, **call)],
        "one_rule_per_status_and_kind": [new(TaskRule, status="new", kind="contact_client")],
        "one_step_per_position": [new(RuleStep, rule=rule, position=1)],
        "calling_hours_is_one_row": [new(CallingHours, pk=2)],
        "calling_hours_start_before_end": [lambda: CallingHours.objects.update(start="20:00")],
        "calling_hours_have_some_day": [
            lambda: CallingHours.objects.update(calling_days=""),
            lambda: CallingHours.objects.update(working_days=""),
        ],
        "moved_day_off_is_of_one_year": [new(SpecialDay, date="2026-11-28", working=True, yearly=True)],
        "escalation_is_one_row": [new(EscalationPolicy, pk=2)],
    }


def contacts() -> dict[str, list[Write]]:
    card, second, third = (lead().contact for _ in range(3))
    pair = LinkedCard.objects.create(first=card, second=second, kind="spouse")
    wrong = ["", "89161234567", "+7 916 123-45-67", "+7916123456x", "+0123456789", "+7916", "+1234567890123456"]
    return {
        "contact_phone_is_e164": [new(Contact, phone=number) for number in wrong[:6]],
        "consent_stands_or_is_withdrawn": [
            change(card, consent_on="2026-11-20", consent_withdrawn_on="2026-11-24"),
        ],
        "phone is unique": [new(Contact, phone=card.phone)],
        "phone is mandatory": [change(card, phone=None)],
        "messenger_link_is_safe": [
            new(Messenger, code="viber", name="Viber", link=link)
            for link in ("", "javascript:alert(1)", "data:text/html,x", "http://wa.me/", " https://wa.me/")
        ],
        "linked_cards_in_order": [new(LinkedCard, first=card, second=card, kind="other"), change(pair, first=third)],
        "cards_linked_once": [new(LinkedCard, first=pair.first, second=pair.second, kind="other")],
        "code of a messenger is unique": [new(Messenger, code="sms", name="SMS", link="sms:{phone}")],
    }


def people() -> dict[str, list[Write]]:
    user, key = OperatorFactory(), ApiKeyFactory()
    period = ShiftPeriod.objects.create(user=user, state="on")
    form = {"by": user, "form": "/leads/new/", "token": "once", "answer": "/"}
    SentForm.objects.create(**form)
    factor = SecondFactor.objects.create(user=user)
    Notice.objects.create(recipient=user, kind="overdue")
    Notice.objects.create(recipient=user, kind="new_lead", key="repeat:1")
    Digest.objects.create(recipient=user, day="2026-11-24", claimed_until=clock.now())
    row = lead()
    Skip.objects.create(user=user, lead=row, until=clock.now())
    Hold.objects.create(user=user, lead=row, expires_at=clock.now())
    return {
        "user_role_is_known": [change(user, role="owner"), change(user, role="")],
        "extension_is_of_one_colleague": [
            lambda: [change(who, extension="101")() for who in (user, OperatorFactory(name="Тёзка"))]
        ],
        "username is unique": [new(User, username=user.username, name="Тёзка")],
        "api_key_kind_is_known": [change(key, kind="root")],
        "key is unique": [new(ApiKey, user=user, digest=key.digest)],
        "one_open_shift_period": [new(ShiftPeriod, user=user, state="break")],
        "one_living_second_factor": [new(SecondFactor, user=user)],
        "ended_second_factor_has_no_secret": [change(factor, ended_at=clock.now(), sealed="x")],
        "shift_state_is_known": [change(period, state="asleep")],
        "form_is_sent_once": [new(SentForm, **form)],
        "shift_policy_is_one_row": [new(ShiftPolicy, pk=2)],
        "notice_kind_is_known": [new(Notice, recipient=user, kind="gossip")],
        "notice_is_told_once": [new(Notice, recipient=user, kind="repeat", key="repeat:1")],
        "one_unread_heap_of_a_kind": [new(Notice, recipient=user, kind="overdue")],
        "one_digest_a_day": [new(Digest, recipient=user, day="2026-11-24", claimed_until=clock.now())],
        "one_skip_per_colleague_and_lead": [new(Skip, user=user, lead=row, until=clock.now())],
        "one client at a time": [new(Hold, user=user, lead=lead(), expires_at=clock.now())],
        "one colleague for a client": [new(Hold, user=OperatorFactory(), lead=row, expires_at=clock.now())],
    }


def catalogues_and_queues() -> dict[str, list[Write]]:
    site, key, row = Source.objects.get(code="site"), ApiKeyFactory(), lead()
    IdempotencyKey.objects.create(api_key=key, value="k", lead=row, body_digest="")
    Mark.objects.get_or_create(kind="lead", object_id=row.pk)
    Link.objects.get_or_create(kind="lead", object_id=1, defaults={"origin": "lead-1", "remote_id": 7})
    trace = {"action": uuid4(), "lead": row, "by": key.user}
    Trace.objects.create(**trace)
    Entry.objects.get_or_create(directory="SOURCE", code="site", defaults={"remote_code": "BFL_SITE"})
    return {
        "source_is_not_merged_into_itself": [change(site, merged_into=site)],
        "source code is unique": [new(Source, code="site", name="Ещё один")],
        "alias is unique": [new(SourceAlias, source=site, value="VK", folded="vk")],
        "touch_policy_is_one_row": [new(TouchPolicy, pk=2)],
        "intake_policy_is_one_row": [new(IntakePolicy, pk=2)],
        "distribution_is_one_row": [new(DistributionPolicy, pk=2)],
        "day_plan_is_one_row": [new(DayPlan, pk=2)],
        "script_status_is_known": [new(CallScript, status="won", step_1="Здравствуйте")],
        "one_trace_per_action_and_lead": [new(Trace, **trace)],
        "idempotency_key_once_per_api_key": [new(IdempotencyKey, api_key=key, value="k", lead=row, body_digest="")],
        "line_is_one_row": [new(Line, pk=2)],
        "wiring_is_one_row": [new(Wiring, pk=2)],
        "one_twin_per_object": [new(Link, kind="lead", object_id=1, origin="lead-2")],
        "one_object_per_twin": [new(Link, kind="lead", object_id=2, origin="lead-2", remote_id=7)],
        "one_entry_per_code": [new(Entry, directory="SOURCE", code="site", remote_code="WEB")],
        "one_mark_per_object": [new(Mark, kind="lead", object_id=row.pk)],
        "journal_line_is_sealed_whole": [
            new(JournalLine, action="did", door="page", place=1),
            new(JournalLine, action="did", door="page", digest="0" * 64),
        ],
        "journal_head_is_one_row": [new(JournalHead, pk=2)],
    }


def counted_for_reports() -> dict[str, list[Write]]:
    site, today = Source.objects.get(code="site"), clock.now()
    of_month = {"source": site, "year": 2026, "month": 11, "amount": Decimal(1000)}
    spend = SourceSpend.objects.create(**of_month)
    cell = {"basis": "created", "is_month": False, "day": today.date(), "source": site.pk}
    Tally.objects.create(**cell)
    return {
        "one_spend_per_source_and_month": [new(SourceSpend, **of_month)],
        "spend_is_of_a_month": [change(spend, month=13), change(spend, month=0), change(spend, year=26)],
        "spend_is_not_negative": [change(spend, amount=-1)],
        "one_tally_per_cell": [new(Tally, **cell), new(Tally, **cell, leads=5)],
        "lead_change_adds_or_takes_away": [new(LeadChange, sign=2, created_at=today, source=site.pk)],
        "tallying_is_one_row": [new(Tallying, pk=2)],
    }


def files() -> dict[str, list[Write]]:
    person = OperatorFactory()
    file = ImportFile.objects.create(by=person, kind="leads", name="leads.csv")
    RefusedRow.objects.create(file=file, number=2, reason="Нет телефона")
    HeaderSet.objects.create(kind="leads", digest="d")
    ValueMeaning.objects.create(field="status", folded="в работе", code="dialing")
    return {
        "import_kind_is_known": [change(file, kind="deals")],
        "a_row_is_refused_once": [new(RefusedRow, file=file, number=2, reason="")],
        "headings_are_remembered_once": [new(HeaderSet, kind="leads", digest="d")],
        "a_value_means_one_thing": [new(ValueMeaning, field="status", folded="в работе", code="new")],
        "export_list_is_known": [new(ExportFile, by=person, what="users", reason="")],
        "export_policy_is_one_row": [new(ExportPolicy, pk=2)],
        "export_is_kept_a_day_at_most": [new(ExportPolicy, pk=1, hours_kept=25)],
    }


def the_list() -> dict[str, list[Write]]:
    person, row = OperatorFactory(), lead()
    bulk = BulkAction.objects.create(by=person, kind="assign")
    BulkLead.objects.create(bulk=bulk, lead=row)
    SavedView.objects.create(owner=person, name="Уфа")
    return {
        "bulk_kind_is_known": [change(bulk, kind="delete")],
        "bulk_undo_names_what_it_undoes": [change(bulk, kind="undo"), change(bulk, undoes=bulk)],
        "a_lead_is_once_in_a_bulk_action": [new(BulkLead, bulk=bulk, lead=row)],
        "a_view_has_its_own_name": [new(SavedView, owner=person, name="Уфа")],
        "one look per colleague": [lambda: [ListLook.objects.bulk_create([ListLook(user=person)]) for _ in range(2)]],
    }


GROUPS = [
    leads,
    touches,
    doors,
    deals,
    tasks,
    contacts,
    people,
    catalogues_and_queues,
    counted_for_reports,
    files,
    the_list,
]


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.__name__)
def test_the_database_refuses(group: Callable[[], dict[str, list[Write]]], frozen) -> None:
    for promise, writes in group().items():
        for number, write in enumerate(writes):
            with pytest.raises(IntegrityError) as refusal, transaction.atomic():
                write()
            if "_" in promise and (connection.vendor == "postgresql" or "CHECK" in str(refusal.value)):
                assert promise in str(refusal.value), f"{promise}, {number}"


def test_every_constraint_is_seen_to_refuse(frozen) -> None:
    """A constraint added to a model is added above."""
    declared = {
        constraint.name
        for model in apps.get_models()
        if model._meta.app_label in OURS
        for constraint in model._meta.constraints
    }
    tried = {promise for group in GROUPS for promise in group() if "_" in promise}
    assert tried == declared


def test_what_is_allowed_beside_them(frozen) -> None:
    """The partial ones leave room where they should: no contact, no number, retired, done."""
    row, now = lead(), clock.now()
    Lead.objects.bulk_create([Lead(source=row.source), Lead(source=row.source)])
    retired = Lead(source=row.source, contact=row.contact, retired_at=now)
    Lead.objects.bulk_create([retired])
    deal()
    deal()
    done = {"kind": "contact_client", "automatic": True, "repeat": True, "state": "done", "closed_at": now}
    Task.objects.bulk_create([Task(lead=row, due_at=now - timedelta(days=1), **done) for _ in range(2)])
    Contact.objects.bulk_create([Contact(phone="+493012345678"), Contact(phone=phone())])
