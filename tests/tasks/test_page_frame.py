"""The menu counts an operator's late tasks, with the query that the frame takes anyway."""

import pytest

from tasks.models import Task
from tests import factories
from tests.conftest import Frozen
from tests.pages import at_most, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


def test_the_menu_counts_what_is_late_for_an_operator(frozen: Frozen) -> None:
    operator, other = factories.OperatorFactory(), factories.OperatorFactory()
    for owner in (operator, operator, other):
        factories.touch(factories.lead(by=owner), "no_answer", by=owner)
    client = signed_in(operator)
    assert "Просрочено" not in text_of(client.get("/notices/"))
    frozen.move(hours=26)
    with at_most(4):  # session, user, frame, notices
        page = client.get("/notices/")
    late = Task.objects.overdue(frozen.now).filter(assignee=operator).count()
    assert 2 <= late < Task.objects.overdue(frozen.now).count()
    assert f"Мой день Просрочено {late} Лиды" in text_of(page)
    assert "Просрочено" not in text_of(signed_in(factories.ManagerFactory()).get("/notices/"))
