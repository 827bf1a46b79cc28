"""What a step of a rule is called in the admin, and the warning about steps that do not follow each other."""

from datetime import time

import pytest
from django.utils import translation

from crm.management.commands.loadcatalogs import CADENCE, RULES
from tasks.cadence import Anchor, Step
from tasks.step_words import in_words, out_of_order


@pytest.mark.parametrize(
    ("step", "russian", "english"),
    [
        (Step(), "Сразу", "At once"),
        (Step(minutes=120), "Через 2 ч", "In 2 h"),
        (Step(minutes=90), "Через 1 ч 30 мин", "In 1 h 30 min"),
        (Step(days=1, at_time=time(10)), "Через 1 день в 10:00", "In 1 day at 10:00"),
        (Step(days=2), "Через 2 дня", "In 2 days"),
        (Step(days=3, working_days=True), "Через 3 рабочих дня", "In 3 working days"),
        (Step(at_time=time(18)), "В тот же день в 18:00", "The same day at 18:00"),
        (Step(days=1, minutes=30), "Через 1 день, на 30 мин позже", "In 1 day, 30 min later"),
        (
            Step(Anchor.MEETING, -1, at_time=time(17)),
            "За 1 день до встречи в 17:00",
            "1 day before the meeting at 17:00",
        ),
        (Step(Anchor.MEETING, minutes=-120), "За 2 ч до встречи", "2 h before the meeting"),
        (Step(Anchor.MEETING, at_time=time(9)), "В день встречи в 09:00", "On the day of the meeting at 09:00"),
        (Step(Anchor.CALLBACK), "Во время обещанного звонка", "At the time of the promised call"),
    ],
)
def test_a_step_in_words(step: Step, russian: str, english: str) -> None:
    with translation.override("ru"):
        assert in_words(step) == russian
    with translation.override("en"):
        assert in_words(step) == english


@pytest.mark.parametrize(
    ("steps", "place"),
    [
        ([Step(**step) for step in CADENCE], None),
        ([], None),
        ([Step(minutes=120), Step()], 1),
        ([Step(), Step(days=2), Step(days=1)], 2),
        ([Step(days=1, at_time=time(18)), Step(days=1, at_time=time(10))], 1),
        ([Step(minutes=120), Step(minutes=120)], None),
        ([Step(at_time=time(12)), Step(minutes=120)], None),  # it depends on the hour of coming in
        ([Step(Anchor.MEETING, minutes=-60), Step()], None),  # from different moments
        ([Step(Anchor.MEETING, minutes=-60), Step(Anchor.MEETING, -1, at_time=time(17))], 1),
        ([Step(days=1, working_days=True), Step(days=1, at_time=time(8))], 1),
    ],
)
def test_steps_that_go_back_in_time_are_found(steps: list[Step], place: int | None) -> None:
    assert out_of_order(steps) == place


def test_what_is_shipped_goes_forward() -> None:
    for *_, steps in RULES:
        made = [Step(**{**step, "anchor": Anchor(step.get("anchor", "entry"))}) for step in steps]
        assert out_of_order(made) is None
