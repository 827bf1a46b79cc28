"""A page of contacts, leads or deals of the first load: looked up together, linked or imported, each once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from django.db.models import Model

from bitrix24 import line, payloads
from bitrix24.content import TYPES, Content, allowed, content_of
from bitrix24.outcomes import Gone, Outcome, Refusal, Unclear
from bitrix24.push import change, gone_there, must_be_read, named
from bitrix24.session import Answers, Session
from bitrix24.twins import ORIGINATOR, adopt
from contacts.models import Contact
from crm import clock
from outbox.delivery import Closed, Failed, Later
from outbox.links import origin_of
from outbox.models import Link
from outbox.together import HeldTogether

IMPORTED = 20  # rows of one import
COMMANDS = 25  # writes of one batch: a request must end within a minute
ORIGINS, NUMBERS, IDS = 40, 20, 50  # that one question of a batch asks for
AGAIN = timedelta(seconds=5)
T = TypeVar("T")


@dataclass
class Page:
    """Objects of one kind, oldest first, all of them held. `count` hears what became of each."""

    kind: str
    ids: list[int]
    session: Session
    held: HeldTogether
    count: Callable[[str], None]

    def told(self, links: Iterable[Link], what: str) -> None:
        """Write down that these are there now, as their links say."""
        done = list(links)
        if not done:
            return
        for link in done:
            link.creating_since, link.looks, link.told_at, link.gone_at = None, 0, clock.now(), None
            self.count(what)
        written = ["remote_id", "creating_since", "looks", "digest", "values", "told_at", "gone_at"]
        Link.objects.bulk_update(done, written, batch_size=100)
        self.held.told(link.object_id for link in done)
        line.told()

    def refused(self, link: Link, outcome: Outcome) -> None:
        """What one row came to that was not taken."""
        if not isinstance(outcome, Unclear):
            Link.objects.filter(pk=link.pk, remote_id__isnull=True).update(creating_since=None)
        if not isinstance(outcome, Refusal):
            self.held.later(link.object_id, clock.now() + AGAIN, str(outcome))
            return
        if isinstance(outcome, Gone):
            gone_there(link.kind, link.object_id)
        self.held.park(link.object_id, str(outcome))
        self.count("refused")


def read_page(page: Page, read: Callable[[Session, str, int], T | None]) -> dict[int, T]:
    """What is to be told of each of the page's objects. Whose turn it is not yet is left to the ordinary mirror."""
    found: dict[int, T] = {}
    for pk in page.ids:
        try:
            row = read(page.session, page.kind, pk)
        except Later as later:
            page.held.later(pk, later.at, str(later))
        except Refusal as refusal:  # of a directory's entry that it needs
            page.held.park(pk, str(refusal))
            page.count("refused")
        else:
            if row is not None:
                found[pk] = row
    return found


@contextmanager
def intended(links: Iterable[Link]) -> Iterator[None]:
    """Write down that these are being made, before they are; taken back when that certainly did not happen."""
    here = Link.objects.filter(pk__in=[link.pk for link in links])
    here.update(creating_since=clock.now(), looks=0)
    try:
        yield
    except (Refusal, Later, Closed):
        here.update(creating_since=None)
        raise


def in_parts(rows: list[T], most: int) -> Iterator[list[T]]:
    for start in range(0, len(rows), most):
        yield rows[start : start + most]


def links_of(kind: str, made: dict[int, Any]) -> dict[int, Link]:
    """The links of objects, by id; made for those that have none. `made`: id -> created_at. Three queries."""
    known = {link.object_id: link for link in Link.objects.filter(kind=kind, object_id__in=made)}
    missing = {pk: origin_of(kind, pk, at) for pk, at in made.items() if pk not in known}
    if missing:
        rows = [Link(kind=kind, object_id=pk, origin=origin) for pk, origin in missing.items()]
        Link.objects.bulk_create(rows, ignore_conflicts=True)
        known = {link.object_id: link for link in Link.objects.filter(kind=kind, object_id__in=made)}
    return known


def tell_items(page: Page) -> None:
    """Look the page up, link what is there, bring that up to date, import the rest. Raises Closed, Later, Failed."""
    contents = read_page(page, content_of)
    links = links_of(page.kind, {pk: content.made_at for pk, content in contents.items()})
    unknown = {pk: links[pk].origin for pk in contents if links[pk].remote_id is None}
    phones = {
        pk: contents[pk].values["PHONE"]
        for pk in unknown
        if page.kind == "contact" and contents[pk].values.get("PHONE") and links[pk].creating_since is None
    }
    by_origin, by_number = look(page.session, page.kind, unknown, phones)
    linked = {pk for pk in unknown if pk in by_origin or pk in by_number}
    for pk in linked:
        if pk in by_origin:
            adopt(links[pk], by_origin[pk])
        else:
            links[pk].remote_id = min(by_number[pk])
            links[pk].save(update_fields=["remote_id"])
    _update(page, [pk for pk in contents if links[pk].remote_id is not None], contents, links, linked)
    # What may be there without being in a list yet is looked for again by the ordinary mirror.
    uncertain = [pk for pk in unknown if links[pk].remote_id is None and links[pk].creating_since is not None]
    for pk in uncertain:
        page.held.later(pk, clock.now() + AGAIN)
    fresh = [pk for pk in unknown if links[pk].remote_id is None and pk not in set(uncertain)]
    for part in in_parts(fresh, IMPORTED):
        _import(page, [contents[pk] for pk in part], links)


def _import(page: Page, part: list[Content], links: dict[int, Link]) -> None:
    dated = page.session.once("administrator", lambda: _is_administrator(page.session))
    rows = [named(links[content.pk], {**content.at_creation(), **(content.dates if dated else {})}) for content in part]
    given = {"entityTypeId": TYPES[page.kind], "data": rows, "useOriginalUfNames": "Y"}
    try:
        with intended(links[content.pk] for content in part):
            answer = page.session.call_once("crm.item.batchImport", **given)
    except Unclear as unclear:
        for content in part:
            page.held.later(content.pk, clock.now() + AGAIN, str(unclear))
        page.session.require_portal(unclear)
        return
    made = answer["items"]
    made = list(made.values()) if isinstance(made, dict) else made
    done = []
    for content, row in zip(part, made, strict=False):
        link = links[content.pk]
        if isinstance(row, dict) and row.get("item"):
            link.remote_id = int(row["item"]["id"])
            link.digest, link.values = content.digest, {**link.values, **content.value_digests}
            done.append(link)
        else:
            page.refused(link, page.session.portal.failure(row))
    page.told(done, "created")
    for content in part[len(made) :]:  # not answered is not done, nor is it undone
        page.held.later(content.pk, clock.now() + AGAIN)


def _is_administrator(session: Session) -> bool:
    """Whether the webhook's owner may say when an object was made."""
    try:
        return bool(session.call("profile").get("ADMIN"))
    except (Refusal, Later):
        return False


def _update(page: Page, pks: list[int], contents: dict[int, Content], links: dict[int, Link], linked: set[int]) -> None:
    """Bring twins up to date, many in one request."""
    same = [pk for pk in pks if links[pk].digest == contents[pk].digest]
    page.told([links[pk] for pk in same], "equal")
    changed = [pk for pk in pks if pk not in set(same)]
    read = [links[pk].remote_id for pk in changed if must_be_read(contents[pk], links[pk])]
    there = _items(page.session, page.kind, read)
    for part in in_parts(changed, COMMANDS):
        commands = {}
        for pk in part:
            content, link = contents[pk], links[pk]
            item = there.get(link.remote_id or 0)
            if item is None and must_be_read(content, link):
                page.refused(link, Gone(400, "NOT_FOUND", ""))
                continue
            given = {"entityTypeId": content.type_id, "id": link.remote_id, "fields": change(link, content, item)}
            commands[f"u{pk}"] = ("crm.item.update", {**given, "useOriginalUfNames": "Y"})
        answers = write(page, commands)
        done: list[Link] = []
        for pk in part:
            if f"u{pk}" in answers.results:
                link, content = links[pk], contents[pk]
                link.digest, link.values = content.digest, {**link.values, **content.value_digests}
                done.append(link)
            elif f"u{pk}" in answers.failures:
                page.refused(links[pk], answers.failures[f"u{pk}"])
        page.told([link for link in done if link.object_id in linked], "linked")
        page.told([link for link in done if link.object_id not in linked], "updated")


def write(page: Page, commands: dict[str, tuple[str, dict[str, Any]]]) -> Answers:
    """A batch of writes, sent once; with an unknown outcome nothing is answered of any. Raises Closed, Later."""
    if not commands:
        return Answers({}, {})
    try:
        return page.session.batch(commands)
    except Unclear as unclear:
        page.session.require_portal(unclear)
        return Answers({}, {})


def ask(session: Session, commands: dict[str, tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """A batch of questions, asked again once. Raises Failed or Later unless all of them are answered."""
    found: dict[str, Any] = {}
    for part in in_parts(list(commands), 50):
        wanted = {name: commands[name] for name in part}
        try:
            answers = session.batch(wanted)
        except Unclear:
            try:
                answers = session.batch(wanted)
            except Unclear as unclear:
                raise session.judged(unclear) from None
        for name in part:
            if name not in answers.results:
                raise Failed(str(answers.failures.get(name, "")))
        found |= answers.results
    return found


def look(
    session: Session, kind: str, origins: dict[int, str], phones: dict[int, str]
) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Which of these are there already: by origin, and contacts that are nobody's twin by their number."""
    commands: dict[str, tuple[str, dict[str, Any]]] = {}
    for place, part in enumerate(in_parts(list(origins.values()), ORIGINS)):
        wanted = {"=originatorId": ORIGINATOR, "@originId": part}
        given = {"select": ["id", "originId"], "filter": wanted, "order": {"id": "ASC"}}
        commands[f"o{place}"] = ("crm.item.list", {"entityTypeId": TYPES[kind], **given})
    for place, numbers in enumerate(in_parts(list(phones.values()), NUMBERS)):
        given = {"type": "PHONE", "values": numbers, "entity_type": "CONTACT"}
        commands[f"p{place}"] = ("crm.duplicate.findbycomm", given)
    pks = {origin: pk for pk, origin in origins.items()}
    by_origin: dict[int, list[int]] = {}
    candidates: set[int] = set()
    for name, answer in ask(session, commands).items():
        if name.startswith("o"):
            for item in answer["items"]:
                by_origin.setdefault(pks[item["originId"]], []).append(int(item["id"]))
        elif isinstance(answer, dict):  # nothing found is an empty list
            candidates |= {int(number) for number in answer.get("CONTACT", [])}
    return by_origin, _with_numbers(session, candidates, phones) if candidates else {}


def _with_numbers(session: Session, candidates: set[int], phones: dict[int, str]) -> dict[int, list[int]]:
    """Whose number each of the contacts has; those that are twins already are nobody's."""
    taken = Link.objects.filter(kind="contact", remote_id__in=candidates).values_list("remote_id", flat=True)
    free = sorted(candidates - set(taken))
    wanted: dict[str, list[int]] = {}
    for pk, phone in phones.items():
        wanted.setdefault(payloads.value_digest(phone), []).append(pk)
    found: dict[int, list[int]] = {}
    for number, item in _items(session, "contact", free).items():
        for entry in item.get("fm") or []:
            for pk in wanted.get(payloads.value_digest(str(entry["value"])), []):
                found.setdefault(pk, []).append(number)
    return found


def _items(session: Session, kind: str, numbers: list[Any]) -> dict[int, dict[str, Any]]:
    """Objects there by their ids, with their phones."""
    commands = {
        f"i{place}": (
            "crm.item.list",
            {"entityTypeId": TYPES[kind], "select": ["*"], "filter": {"@id": part}, "useOriginalUfNames": "Y"},
        )
        for place, part in enumerate(in_parts(numbers, IDS))
    }
    answers = ask(session, commands)
    return {int(item["id"]): item for answer in answers.values() for item in answer["items"]}


def preview(session: Session, kind: str, model: type[Model], ids: list[int]) -> dict[str, int]:
    """What would become of a page. Asks the portal and writes nothing, neither here nor there."""
    rows: dict[int, Any] = {row.pk: row for row in model._default_manager.filter(pk__in=ids)}
    twins = Link.objects.filter(kind=kind, object_id__in=ids, remote_id__isnull=False)
    known = set(twins.values_list("object_id", flat=True))
    unknown = {pk: origin_of(kind, pk, row.created_at) for pk, row in rows.items() if pk not in known}
    phones = {}
    if kind == "contact":
        cards = [row for pk, row in rows.items() if pk in unknown and isinstance(row, Contact)]
        values = {card.pk: payloads.contact_values(card, allowed()).get("PHONE", "") for card in cards}
        phones = {pk: phone for pk, phone in values.items() if phone}
    by_origin, by_number = look(session, kind, unknown, phones)
    linked = sum(pk in by_origin or pk in by_number for pk in unknown)
    return {"create": len(unknown) - linked, "link": linked, "update": len(known)}
