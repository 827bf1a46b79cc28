"""C19: a source is merged while leads and deals take it; seen to fail with the hold on the source taken out."""

import itertools
from collections.abc import Callable
from functools import partial

import pytest

from leads.models import Lead
from sources import lookup
from sources.actions import merge
from sources.models import Source
from tests.factories import SourceFactory, lead, lead_in, move
from tests.promises import broken
from tests.races import ON_POSTGRES, Hands, failures
from tests.sizes import size

pytestmark = pytest.mark.django_db(transaction=True)

_count = itertools.count()


def merge_at_once(people: Hands, others: Callable[[str], list[Callable[[], object]]]) -> list[str]:
    """A source is merged while others use its code; nothing may be left on it afterwards."""
    old, new = SourceFactory(code=f"old-{next(_count)}"), SourceFactory()
    wishes = others(old.code)
    answers = people.at_once([*wishes, partial(merge, old.pk, new.pk, by=None)])
    wrong = failures(answers)
    for model in (relation.related_model for relation in Source._meta.related_objects):
        left = model._default_manager.filter(source=old).count() if model.__name__ in ("Lead", "Deal") else 0
        if left:
            wrong.append(f"{left} of {model.__name__} stayed on the merged source")
    return wrong


def arrivals(code: str) -> list[Callable[[], object]]:
    return [partial(lead, source=code) for _ in range(4)]


def signings(code: str) -> list[Callable[[], object]]:
    """Leads of the source are signed: each deal takes its lead's source over."""
    rows = [lead_in("visit", source=code) for _ in range(4)]
    return [partial(move, row, "contract") for row in rows]


# A merge meets a signing in a deadlock, which PostgreSQL breaks after a second and the verb then tries again.
@pytest.mark.parametrize(("others", "rounds"), [(arrivals, size(12, 200)), (signings, size(4, 60))])
def test_C19_nothing_stays_on_a_merged_source(catalogues: None, others: Callable[..., list], rounds: int) -> None:
    with Hands(5) as people:
        assert [said for _ in range(rounds) for said in merge_at_once(people, others)] == []
    assert Lead.objects.filter(source__merged_into__isnull=False).count() == 0
    assert broken() == {}


if ON_POSTGRES:  # SQLite has one writer at a time, and no lock to take out

    def test_C19_breaks_without_the_hold(catalogues: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lookup, "_hold", lambda ids: True)
        with Hands(5) as people:
            assert any(merge_at_once(people, arrivals) for _ in range(300))
