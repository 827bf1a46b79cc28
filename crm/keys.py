"""The keys of the product: which there are on which page, and what they are said to do (`ux.md`, section 4).

One list for everything: the page and the dialog of keys are drawn from it, and the script (static/js/keys.js) obeys
only what a page names by it. What a key does is to use the element that carries it as `data-key`; tests see to that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from team.roles import Person, Right, may

EVERYWHERE = "everywhere"
WHERE: dict[str, Promise] = {
    EVERYWHERE: _("On every page"),
    "day": _("My day"),
    "lead": _("Lead"),
    "deal": _("Deal"),
    "contact": _("Contact"),
    "list": _("Lists"),
}
PLACES = {
    "day": "day",
    "day-result": "day",
    "lead-detail": "lead",
    "lead-touches": "lead",
    "lead-comments": "lead",
    "deal-detail": "deal",
    "contact-detail": "contact",
    "lead-list": "list",
    "deal-list": "list",
    "contact-list": "list",
    "task-list": "list",
    "search": "list",
}
"""What kind of page stands behind a route; other pages have what is everywhere."""


@dataclass(frozen=True)
class Key:
    """A key or a pair of keys.

    `code` names it as the browser names physical keys, a pair with a blank between: "KeyG KeyD". `shown` is what is
    printed on them. `does` is the list's sentence for the places of `where`. Who has not `right` has not the key.
    """

    code: str
    shown: str
    does: Promise
    where: tuple[str, ...] = (EVERYWHERE,)
    right: Right | None = None


CALLER = Key("KeyO", "O", _("Open the card of whoever is calling"), right=Right.WORK_LEADS)
KEYS = (
    Key("Slash", "/", _("To the search")),
    Key("KeyN", "N", _("New lead"), right=Right.WORK_LEADS),
    Key("Shift+Slash", "?", _("This list")),
    Key("Escape", "Esc", _("Close a window or a menu")),
    Key("KeyU", "U", _("Undo, while the message is up")),
    CALLER,
    Key("KeyG KeyD", "G D", _("To My day"), right=Right.TAKE_LEAD),
    Key("KeyG KeyL", "G L", _("To the leads")),
    Key("KeyG KeyS", "G S", _("To the deals"), right=Right.WORK_DEALS),
    Key("KeyG KeyR", "G R", _("To the source report"), right=Right.SEE_REPORTS),
    Key("KeyC", "C", _("Call the client"), ("day", "lead", "deal", "contact")),
    Key("KeyW", "W", _("Write on WhatsApp with a template"), ("day", "lead", "deal")),
    *(Key(f"Digit{n}", str(n), _("Result of the call; then the arrow keys"), ("day", "lead")) for n in range(1, 7)),
    Key("KeyS", "S", _("Skip the client, with a reason"), ("day",)),
    Key("Control+Enter", "Ctrl Enter", _("Save; on My day, and on to the next client"), ("day", "lead")),
    Key("KeyJ", "J", _("Next row or lead"), ("list", "lead")),
    Key("KeyK", "K", _("Previous row or lead"), ("list", "lead")),
    Key("KeyX", "X", _("Select the row"), ("list",)),
)


def keys_of(person: Person) -> Iterator[Key]:
    """The keys that somebody has at all, in the order of the list."""
    return (key for key in KEYS if key.right is None or may(person, key.right))


def keys_on(person: Person, route: str) -> Iterator[Key]:
    """The keys that work for `person` on the page behind the route of this name."""
    place = PLACES.get(route, "")
    return (key for key in keys_of(person) if EVERYWHERE in key.where or place in key.where)


@dataclass(frozen=True)
class Line:
    """A line of the list: keys that do the same, as they are printed ("1", ..., "6" or "G", "D")."""

    shown: tuple[str, ...]
    does: Promise
    where: tuple[Promise, ...]


def lines(person: Person) -> list[Line]:
    """The list of keys for `person`; the digits, which do the same, are one line."""
    found: dict[str, Line] = {}
    for key in keys_of(person):
        known = found.get(str(key.does))
        shown = ("1", "–", "6") if key.code.startswith("Digit") else tuple(key.shown.split(" "))
        if known is None:
            found[str(key.does)] = Line(shown, key.does, tuple(WHERE[place] for place in key.where))
    return list(found.values())
