"""GET notices/, POST notices/read/."""

import pytest

from crm.transactions import verb
from team.models import NoticeKind
from team.notices import tell
from tests import factories
from tests.conftest import Frozen
from tests.rest import queries_of, rest

pytestmark = pytest.mark.django_db

telling = verb(tell)


def test_the_unread_ones_are_listed_and_read(frozen: Frozen) -> None:
    user = factories.OperatorFactory()
    for number in range(3):
        at = frozen.move(minutes=1)
        telling([user.pk, factories.OperatorFactory().pk], NoticeKind.NEW_LEAD, key=f"{number}", at=at, name="Анна")
    api = rest(user)
    rows = api.get("notices/").json()["results"]
    assert len(rows) == 3
    assert rows[0]["created_at"] > rows[2]["created_at"]
    assert rows[0] | {"id": 0, "created_at": ""} == {
        "id": 0,
        "kind": "new_lead",
        "text": "Новый лид: Анна.",
        "lead": None,
        "deal": None,
        "count": 1,
        "created_at": "",
        "read_at": None,
    }
    assert api.post("notices/read/", {"until": rows[1]["id"]}).json() == {"read": 2}
    assert api.post("notices/read/", {"until": rows[1]["id"]}).json() == {"read": 0}
    assert [row["id"] for row in api.get("notices/").json()["results"]] == [rows[0]["id"]]
    assert len(api.get("notices/", state="all").json()["results"]) == 3


def test_bad_values_are_told_by_field() -> None:
    api = rest(factories.OperatorFactory())
    assert set(api.post("notices/read/", {"until": "x", "seen_at": "soon"}).json()) == {"until", "seen_at"}
    assert set(api.post("notices/read/").json()) == {"until"}
    assert set(api.get("notices/", state="new").json()) == {"state"}


def test_the_list_takes_the_same_queries_however_long(frozen: Frozen) -> None:
    user = factories.OperatorFactory()
    api = rest(user)
    telling([user.pk], NoticeKind.NEW_LEAD, key="0", at=frozen.now, name="Анна")
    api.get("notices/")
    few = queries_of(lambda: api.get("notices/"))
    for number in range(1, 6):
        telling([user.pk], NoticeKind.NEW_LEAD, key=f"{number}", at=frozen.now, name="Анна")
    assert queries_of(lambda: api.get("notices/")) == few
