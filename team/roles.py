"""Who may do what. The whole matrix of roles and rights is this table; screens, API, admin and verbs ask `may`.

Which objects a person sees is said by `visible_to` of each model; this module says what they may do with them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    OPERATOR = "operator", _("Operator")
    MANAGER = "manager", _("Head of call centre")
    LAWYER = "lawyer", _("Lawyer")
    ADMIN = "admin", _("Administrator")


class Right(StrEnum):
    SEE_ALL = "see_all"  # every lead, contact, deal and task, not only one's own
    WORK_LEADS = "work_leads"  # create, edit, touch and move the leads one sees
    TAKE_LEAD = "take_lead"  # take an unassigned lead
    ASSIGN = "assign"  # hand leads and deals over
    REOPEN = "reopen"  # bring a lead back from junk
    WORK_DEALS = "work_deals"  # open, edit and move the deals one sees
    SEE_REPORTS = "see_reports"
    SEE_TEAM = "see_team"  # the list of colleagues
    BACKDATE_FREELY = "backdate_freely"  # touches older than a day
    WRITE_HISTORY = "write_history"  # `arrived_at` of intake, import of an old base
    IMPORT = "import"  # files of leads, contacts and sources
    EXPORT = "export"  # lists as files, within limits
    ADMINISTER = "administer"  # the Django admin: catalogues, rules, people, keys


_MANAGERS = frozenset({Role.MANAGER, Role.ADMIN})
_CALL_CENTRE = _MANAGERS | {Role.OPERATOR}

RIGHTS: dict[Right, frozenset[Role]] = {
    Right.SEE_ALL: _MANAGERS,
    Right.WORK_LEADS: _CALL_CENTRE,
    Right.TAKE_LEAD: frozenset({Role.OPERATOR}),
    Right.ASSIGN: _MANAGERS,
    Right.REOPEN: _MANAGERS,
    Right.WORK_DEALS: _MANAGERS | {Role.LAWYER},
    Right.SEE_REPORTS: _MANAGERS,
    Right.SEE_TEAM: _MANAGERS,
    Right.BACKDATE_FREELY: frozenset({Role.ADMIN}),
    Right.WRITE_HISTORY: frozenset({Role.ADMIN}),
    Right.IMPORT: frozenset({Role.ADMIN}),
    Right.EXPORT: _MANAGERS,
    Right.ADMINISTER: frozenset({Role.ADMIN}),
}


class Person(Protocol):
    """What is asked of a user; an anonymous visitor has no role and may nothing."""

    is_active: bool
    role: str


def may(person: Person | None, right: Right) -> bool:
    """Does `person` have `right`? None is the product itself (a job, a repeat application), which may everything."""
    if person is None:
        return True
    return bool(person.is_active) and getattr(person, "role", None) in RIGHTS[right]
