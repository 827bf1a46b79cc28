"""A page of tasks or touches of the first load: looked for by their signs, then made in batches, each once."""

from __future__ import annotations

from typing import Any

from bitrix24.load_items import AGAIN, COMMANDS, Page, ask, in_parts, intended, links_of, read_page
from bitrix24.outcomes import Unclear
from bitrix24.session import Answers
from bitrix24.timeline import PAGE, Note, looked_through, note_of, number_of, signed
from bitrix24.twins import adopt
from crm import clock
from outbox.models import Link


def tell_notes(page: Page) -> None:
    """Look for the page's rows, and make those that are not there. Raises Closed, Later, Failed."""
    notes = read_page(page, note_of)
    links = links_of(page.kind, {pk: note.made_at for pk, note in notes.items()})
    new = [pk for pk in notes if links[pk].remote_id is None]
    # The rows of one owner are asked for once, however many of ours it has.
    questions = {str(notes[pk].look): notes[pk] for pk in new}
    names = {question: f"q{place}" for place, question in enumerate(questions)}
    answers = ask(page.session, {names[question]: looked_through(note, 0) for question, note in questions.items()})
    fresh = []
    for pk in new:
        rows: list[dict[str, Any]] = answers[names[str(notes[pk].look)]]
        found = signed(rows, notes[pk], links[pk])
        if found:
            adopt(links[pk], found)
        elif links[pk].creating_since is not None or len(rows) >= PAGE:
            page.held.later(pk, clock.now() + AGAIN)  # the ordinary mirror looks through all pages, and again
        else:
            fresh.append(pk)
    for part in in_parts(fresh, COMMANDS):
        _create(page, part, notes, links)


def _create(page: Page, part: list[int], notes: dict[int, Note], links: dict[int, Link]) -> None:
    commands = {f"c{pk}": notes[pk].create(links[pk]) for pk in part}
    try:
        with intended(links[pk] for pk in part):
            answers = page.session.batch(commands)
    except Unclear as unclear:
        page.session.require_portal(unclear)
        answers = Answers({}, {})
    done = []
    for pk in part:
        link, name = links[pk], f"c{pk}"
        if name in answers.results:
            link.remote_id = number_of(answers.results[name])
            link.digest = notes[pk].told_as(link) if notes[pk].made_complete else ""
            done.append(link)
        elif name in answers.failures:
            page.refused(link, answers.failures[name])
        else:
            page.held.later(pk, clock.now() + AGAIN)
    page.told(done, "created")
