"""The journal: a line is only ever added, and whatever is done to it behind the program's back is found."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from crm import clock
from history import append_only, chain, journal
from history.journal import Action, Door
from history.models import JournalHead, JournalLine
from tests.factories import AdminFactory
from tests.races import Hands
from tests.sizes import size

LINES = 8


def written(number: int = LINES, **more: object) -> list[JournalLine]:
    by = AdminFactory()
    return [
        journal.write(Action.LOOKED, by=by, kind="lead", object_id=place, words=f"Анна {place}", **more)
        for place in range(number)
    ]


def behind_its_back(statement: str, *values: object) -> None:
    append_only.remove()
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
    append_only.install()


@pytest.fixture
def sealed(db: None) -> list[JournalLine]:
    append_only.install()
    lines = written()
    assert chain.seal() == LINES
    assert list(chain.check()) == []
    return lines


def test_a_line_says_who_came_how_and_keeps_words_apart(db: None) -> None:
    admin = AdminFactory()
    with journal.circumstances(Door.PAGE, address="10.0.0.7", request_id="r-1") as came:
        line = journal.write(Action.SEARCHED, by=admin, words="Анна +79161234567", details={"rows": 3})
    line.refresh_from_db()
    assert (line.by, line.role, line.door, line.address, line.request_id) == (admin, "admin", "page", "10.0.0.7", "r-1")
    assert (came.lines, line.words, line.details) == (1, "Анна +79161234567", {"rows": 3})
    assert "79161234567" not in line.words_digest
    assert journal.write(Action.DID).door == Door.SYSTEM


TAMPERED = {
    "changed": ("UPDATE history_journalline SET object_id = 99 WHERE place = 4", "Changed: line"),
    "who": ("UPDATE history_journalline SET role = 'operator' WHERE place = 1", "Changed: line"),
    "backdated": ("UPDATE history_journalline SET at = '2020-01-01 00:00:00+00:00' WHERE place = 8", "Changed: line"),
    "words": ("UPDATE history_journalline SET words = 'Пётр' WHERE place = 3", "Changed: the words"),
    "words taken away": ("UPDATE history_journalline SET words = '', salt = '' WHERE place = 3", "no erasure tells"),
    "taken out": ("DELETE FROM history_journalline WHERE place = 5", "Taken out: place 5"),
    "two taken out": ("DELETE FROM history_journalline WHERE place IN (5, 6)", "Taken out: place 5 to 6"),
    "first taken out": ("DELETE FROM history_journalline WHERE place = 1", "Taken out: place 1"),
    "end taken off": ("DELETE FROM history_journalline WHERE place >= 7", "Cut off: the chain ends at place 6"),
    "put behind": (
        "UPDATE history_journalline SET place = 9, digest = 'x' WHERE place = 8",
        "Put in: line",
    ),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_what_is_done_behind_the_programs_back_is_found(name: str, sealed: list[JournalLine]) -> None:
    statement, found = TAMPERED[name]
    behind_its_back(statement)
    wrong = list(chain.check())
    assert any(found in sentence for sentence in wrong), wrong
    with pytest.raises(CommandError, match="not whole"):
        call_command("journal", "check", stderr=StringIO(), stdout=StringIO())


def test_a_line_put_in_between_is_found(sealed: list[JournalLine]) -> None:
    """Whoever makes room for it by moving the others has to change their seals, and cannot the one that is noted."""
    noted = chain.head()
    behind_its_back("UPDATE history_journalline SET place = place + 100 WHERE place >= 4")
    behind_its_back("UPDATE history_journalline SET place = place - 99 WHERE place >= 104")
    false = journal.write(Action.LOOKED, kind="lead", object_id=1)
    before = ""
    for line in [*JournalLine.objects.filter(place__lt=4).order_by("place")]:
        before = line.digest
    false.place = 4
    behind_its_back(
        "UPDATE history_journalline SET place = 4, digest = %s WHERE id = %s", chain.digest(before, false), false.pk
    )
    assert any(sentence.startswith("Changed: line") for sentence in chain.check())
    for line in JournalLine.objects.filter(place__gte=4).order_by("place"):  # the whole rest sealed anew, head and all
        behind_its_back(
            "UPDATE history_journalline SET digest = %s WHERE id = %s", before := chain.digest(before, line), line.pk
        )
    JournalHead.objects.update(place=LINES + 1, digest=before)
    assert any("when its seal was noted" in sentence for sentence in chain.check(known_head=noted))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE history_journalline SET object_id = 99",
        "UPDATE history_journalline SET words = 'x'",
        "UPDATE history_journalline SET place = 77 WHERE place = 3",
        "UPDATE history_journalline SET details = '{}' , at = '2020-01-01 00:00:00+00:00'",
        "DELETE FROM history_journalline WHERE place = 3",
    ],
)
def test_the_database_itself_refuses_changes(statement: str, sealed: list[JournalLine]) -> None:
    with pytest.raises(IntegrityError, match="only added to"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert list(chain.check()) == []


def test_words_can_be_erased_and_the_rest_still_proved(sealed: list[JournalLine]) -> None:
    chain.erase_words([sealed[2].pk])
    assert any("no erasure tells" in sentence for sentence in chain.check())
    journal.write(Action.ERASED, details={"lines": [sealed[2].pk]})
    chain.seal()
    assert list(chain.check()) == []
    assert JournalLine.objects.get(pk=sealed[2].pk).words == ""


def test_the_check_says_when_nobody_seals_or_guards(sealed: list[JournalLine], frozen) -> None:
    written(1)
    frozen.move(minutes=11)
    assert clock.now() - JournalLine.objects.filter(place=None).get().at > timedelta(minutes=10)
    assert any(sentence.startswith("Not sealed: 1") for sentence in chain.check())
    said = StringIO()
    call_command("journal", "check", stdout=said)
    assert said.getvalue().splitlines() == ["the journal is whole", chain.head()]
    append_only.remove()
    assert any(sentence.startswith("Not guarded") for sentence in chain.check())
    call_command("journal", "guard", stdout=said)
    assert list(chain.check()) == []


@pytest.mark.django_db(transaction=True)
def test_many_write_and_four_seal_at_once_and_there_is_one_chain() -> None:
    by = AdminFactory()

    def look(number: int) -> None:
        journal.write(Action.LOOKED, by=by, kind="lead", object_id=number)

    with Hands(8) as hands:
        for _round in range(size(5, 500)):
            answers = hands.at_once([*(lambda n=n: look(n) for n in range(4)), *[chain.seal] * 4])
            assert not [answer for answer in answers if isinstance(answer, Exception)]
    chain.seal()
    places = list(JournalLine.objects.order_by("place").values_list("place", flat=True))
    assert places == list(range(1, 4 * size(5, 500) + 1))
    assert [sentence for sentence in chain.check() if not sentence.startswith("Not guarded")] == []
