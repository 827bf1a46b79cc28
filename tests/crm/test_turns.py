"""Writers of one process are served in the order in which they ask, and nobody's turn is lost."""

import threading
import time

import pytest

from crm.turns import Queue


def in_line(queue: Queue, count: int) -> None:
    """Wait until so many stand in the queue."""
    deadline = time.monotonic() + 10
    while len(queue._waiting) < count and time.monotonic() < deadline:
        time.sleep(0.001)
    assert len(queue._waiting) == count


def test_the_longest_waiting_is_served_first() -> None:
    queue, served = Queue(), []

    def come(number: int) -> None:
        with queue.turn(10):
            served.append(number)

    people = [threading.Thread(target=come, args=[number]) for number in range(20)]
    with queue.turn(10):
        for number, one in enumerate(people, 1):
            one.start()
            in_line(queue, number)
    for one in people:
        one.join(10)
    assert served == list(range(20))


def test_one_who_comes_again_at_once_stands_at_the_end() -> None:
    queue, served = Queue(), []

    def wait_once() -> None:
        with queue.turn(10):
            served.append("patient")

    patient = threading.Thread(target=wait_once)
    with queue.turn(10):
        patient.start()
        in_line(queue, 1)
    with queue.turn(10):
        served.append("hasty")
    patient.join(10)
    assert served == ["patient", "hasty"]


def test_who_waits_too_long_is_told_and_holds_nobody_up() -> None:
    queue = Queue()

    def give_up() -> None:
        with pytest.raises(TimeoutError), queue.turn(0.05):
            pass

    with queue.turn(1):
        impatient = threading.Thread(target=give_up)
        impatient.start()
        impatient.join(10)
        assert not queue._waiting
    with queue.turn(0.1):
        pass


def test_a_turn_ends_with_an_error_too() -> None:
    queue = Queue()
    with pytest.raises(ValueError, match="no"), queue.turn(1):
        raise ValueError("no")
    with queue.turn(0.1):
        pass
