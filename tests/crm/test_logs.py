"""A line of the log tells which request it belongs to, also in a job, and names nobody."""

import logging
from io import StringIO

import structlog
from django_structlog.celery.receivers import CeleryReceiver
from django_structlog.celery.steps import DjangoStructLogInitStep

from crm import logs
from crm.celery import app
from crm.jobs import tick


def printed(error: Exception, **more: str) -> str:
    """The line that production prints for an error."""
    stream = StringIO()
    config = logs.logging(readable=False)["formatters"]["line"]
    printer = logging.StreamHandler(stream)
    factory = config.pop("()")
    printer.setFormatter(factory(**config))
    logger = logging.getLogger("tests.lines")
    logger.propagate = False
    logger.handlers = [printer]
    try:
        raise error
    except Exception:
        logger.exception("it failed for %s", more.get("who", ""))
    return stream.getvalue()


def test_L13_what_an_error_quotes_is_masked_in_its_line() -> None:
    said = "duplicate key\nDETAIL:  Key (phone, name)=(+79161234567, Незабудкина) already exists.\nat 89161234567"
    line = printed(ValueError(said), who="anna.k@example.org")
    assert "ValueError" in line
    assert "duplicate key" in line
    for marker in ("9161234567", "Незабудкина", "anna.k", "example.org"):
        assert marker not in line
    assert "...4567" in line


def test_L13_the_queries_of_addresses_are_cut_off() -> None:
    assert logs.without_query(None, "", {"request": "GET /leads/?phone=79161234567"})["request"] == "GET /leads/?..."


def test_a_jobs_lines_bear_the_id_of_the_request_that_sent_it() -> None:
    assert DjangoStructLogInitStep in app.steps["worker"]
    receiver, headers = CeleryReceiver(), {}
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        receiver.receiver_before_task_publish(headers=headers)
    tick.push_request(**headers)
    try:
        receiver.receiver_task_prerun("t-1", tick)
        assert structlog.contextvars.get_contextvars()["request_id"] == "r-1"
    finally:
        tick.pop_request()
        structlog.contextvars.clear_contextvars()
