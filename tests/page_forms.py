"""Every page address of the site, and every form that its pages carry, found by reading them as a browser would."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

from django.urls import URLPattern, URLResolver, get_resolver

NO_PAGES = ("api/", "^api/", "admin/", "bitrix24/", "healthz", "readyz", "metrics", "styleguide/")


def routes(patterns: list[URLPattern | URLResolver] | None = None, before: str = "") -> Iterator[tuple[str, str]]:
    """(name, route) of every page: "lead-edit", "leads/<id:pk>/edit/"."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern)
        if route.startswith(NO_PAGES):
            continue
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield pattern.name or "", route


WORDS = {"what": "leads", "kind": "csv", "name": "cost", "kind_id": "1"}  # what else stands in addresses


def address(route: str, pk: object) -> str:
    for name, word in WORDS.items():
        route = re.sub(rf"<(?:str|slug|id):{name}>", word, route)
    return "/" + re.sub(r"<\w+:pk>", str(pk), route)


@dataclass
class PageForm:
    """A form as it stands on a page: what a browser would send if nothing were typed."""

    method: str
    action: str
    values: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.forms: list[PageForm] = []
        self.links: list[str] = []
        self._open: PageForm | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag == "form":
            self._open = PageForm(given.get("method", "get").lower(), given.get("action") or self.page)
            self.forms.append(self._open)
        if self._open is None:
            return
        values, name = self._open.values, given.get("name", "")
        if tag == "select":
            self._select = name
            values.setdefault(name, "")
        elif tag == "option" and self._select and given.get("value") and not values[self._select]:
            values[self._select] = given["value"]
        elif tag == "input" and given.get("type") in ("radio", "checkbox") and "disabled" not in given:
            if "checked" in given or not values.get(name):
                values[name] = given.get("value", "on")
        elif name and tag in ("input", "textarea", "button"):
            values.setdefault(name, given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = ""


def read(page: str, html: str) -> tuple[list[PageForm], list[str]]:
    """The forms of the page and its links; forms without an action are sent to the page itself."""
    reader = _Reader(page)
    reader.feed(html)
    return reader.forms, [link for link in reader.links if not urlsplit(link).netloc]
