"""Rows for tests. People, keys and catalogues are made directly; leads come in, move and are called through the verbs,
so that a test never meets a lead that the product could not have made.
"""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import factory

from contacts.models import Contact
from crm import clock
from deals.models import Deal, Stage
from leads import actions, touches
from leads.applications import read_application
from leads.intake import register_lead
from leads.models import IntakePolicy, Lead, Office, Touch, TouchPolicy
from leads.pipeline import JunkReason, Move, Status
from leads.touches import NewTouch
from sources.models import Source
from team.models import ApiKey, User
from team.roles import Role

PASSWORD = "a long password for the tests"
_numbers = itertools.count(1_000_001, 7)


def phone() -> str:
    """A valid Russian mobile number (E.164) that no other call has given."""
    return f"+7916{next(_numbers) % 10_000_000:07d}"


class UserFactory(factory.django.DjangoModelFactory):
    """A colleague who signs in with PASSWORD; an operator unless a role is given."""

    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"user{n}")
    name = factory.Sequence(lambda n: f"Анна Орлова-{n}")
    role = Role.OPERATOR
    password = PASSWORD

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        return model_class.objects.create_user(*args, **kwargs)


class OperatorFactory(UserFactory):
    role = Role.OPERATOR


class ManagerFactory(UserFactory):
    role = Role.MANAGER


class LawyerFactory(UserFactory):
    role = Role.LAWYER


class AdminFactory(UserFactory):
    role = Role.ADMIN


class ApiKeyFactory(factory.django.DjangoModelFactory):
    """A key with its user's rights (`kind="intake"`: an intake key). Its secret is in `.secret`, `header` sends it."""

    class Meta:
        model = ApiKey

    user = factory.SubFactory(AdminFactory)
    kind = ApiKey.Kind.FULL
    name = "tests"

    @classmethod
    def _create(cls, model_class: type[ApiKey], *args: Any, **kwargs: Any) -> ApiKey:
        key, secret = model_class.draft(**kwargs)
        key.save()
        key.secret = secret
        return key


def header(key: ApiKey) -> dict[str, str]:
    """What a test client sends to come with `key`: `client.post(..., headers=header(key))`."""
    return {"Authorization": f"Token {key.secret}"}


class SourceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Source

    code = factory.Sequence(lambda n: f"source-{n}")
    name = factory.Sequence(lambda n: f"Реклама {n}")


class OfficeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Office

    code = factory.Sequence(lambda n: f"office-{n}")
    name = factory.Sequence(lambda n: f"Офис {n}")
    address = "Самара, улица Молодогвардейская, 1"


class StageFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Stage

    code = factory.Sequence(lambda n: f"stage-{n}")
    name = factory.Sequence(lambda n: f"Стадия {n}")


class Policy:
    """What an administrator tunes: `Policy.intake(new_original_after_days=30)`, `Policy.touches(messages=1)`."""

    @staticmethod
    def intake(**given: Any) -> None:
        IntakePolicy.objects.update_or_create(pk=1, defaults=given)

    @staticmethod
    def touches(**given: Any) -> None:
        TouchPolicy.objects.update_or_create(pk=1, defaults=given)


class ContactFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Contact

    phone = factory.LazyFunction(phone)
    name = "Пётр Мельников"


def lead(*, by: User | None = None, key: ApiKey | None = None, **body: Any) -> Lead:
    """An application with the body of `POST leads/` (a new number and source `site` unless given), taken in."""
    body.setdefault("phone", phone())
    body.setdefault("source", "site")
    return register_lead(read_application(body), by=by, key=key).lead


def terms(to: str, **given: Any) -> dict[str, Any]:
    """What the status `to` asks for, filled in where it is not `given`."""
    now = clock.now()
    asked: dict[str, dict[str, Any]] = {
        Status.MEETING: {"meeting_at": now + timedelta(days=1)},
        Status.POSTPONED: {"callback_at": now + timedelta(days=2)},
        Status.JUNK: {"junk_reason": JunkReason.REFUSED},
        Status.CONTRACT: {"amount": Decimal(150_000)},
        Status.CONTRACT_PREPAID: {"amount": Decimal(150_000), "prepayment": Decimal(30_000)},
        Status.DIALING: {"comment": "клиент передумал"},
    }
    return asked.get(Status(to), {}) | given


def move(lead: Lead, to: str, *, by: User | None = None, version: int | None = None, **given: Any) -> Lead:
    """Move a lead through `change_status`, with all that the status asks for; answers the lead as it now is."""
    return actions.change_status(lead.pk, Move(Status(to), **terms(to, **given)), by=by, version=version)


# The moves that bring a new lead into each status.
ROADS: dict[str, tuple[str, ...]] = {
    Status.NEW: (),
    Status.DIALING: (Status.DIALING,),
    Status.MEETING: (Status.MEETING,),
    Status.POSTPONED: (Status.POSTPONED,),
    Status.JUNK: (Status.JUNK,),
    Status.VISIT: (Status.VISIT,),
    Status.CONTRACT: (Status.VISIT, Status.CONTRACT),
    Status.CONTRACT_PREPAID: (Status.VISIT, Status.CONTRACT, Status.CONTRACT_PREPAID),
}


def lead_in(status: str, *, by: User | None = None, **body: Any) -> Lead:
    """A lead moved from «Новый» to `status`. Contracts need a stage in the catalogue (fixture `catalogues`)."""
    row = lead(**body)
    for step in ROADS[Status(status)]:
        row = move(row, step, by=by)
    return row


def touch(
    lead: Lead,
    outcome: str = "no_answer",
    channel: str = "call",
    *,
    by: User | None = None,
    key: ApiKey | None = None,
    at: datetime | None = None,
    then: Move | None = None,
    **more: Any,
) -> Touch:
    """Record a touch (an unanswered outgoing call unless said otherwise); the lead is read anew into `lead`."""
    logged = touches.log_touch(
        lead.pk, NewTouch(channel=channel, outcome=outcome, at=at, **more), by=by, key=key, then=then
    )
    lead.refresh_from_db()
    return logged.touch


def lead_nobody_reached(**body: Any) -> Lead:
    """A lead of four days ago with six unanswered calls on three days: «Недозвон» is earned."""
    admin = AdminFactory()
    now = clock.now()
    row = lead(by=admin, arrived_at=now - timedelta(days=4), **body)
    for days, hours in ((3, 0), (3, 2), (2, 0), (2, 2), (1, 0), (1, 2)):
        touch(row, by=admin, at=now - timedelta(days=days, hours=hours))
    return row


def deal(*, by: User | None = None, prepaid: bool = False, number: str = "", on: date | None = None) -> Deal:
    """A deal, opened by signing a new lead."""
    status = Status.CONTRACT_PREPAID if prepaid else Status.CONTRACT
    row = move(lead_in(Status.VISIT), status, by=by, contract_number=number, contract_date=on)
    return Deal.objects.get(lead=row)
