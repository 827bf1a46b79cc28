"""People on line and what they have, for the tests of distribution."""

from leads.models import Lead
from team.actions import set_shift
from team.models import User
from tests.factories import OperatorFactory


def on_line(**fields: object) -> User:
    user = OperatorFactory(**fields)
    set_shift(user.pk, "on")
    return user


def has(user: User) -> int:
    return Lead.objects.in_work().filter(responsible=user).count()


def fresh(row: Lead) -> Lead:
    return Lead.objects.get(pk=row.pk)
