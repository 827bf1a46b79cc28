"""Opening pages in tests as somebody, and how many queries a page takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from team.models import User

HOSTILE = "<script>alert(1)</script>\"'{{ 7 }}"
"""A name that must only ever be shown as text."""


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text_of(response: HttpResponse) -> str:
    """The words of a page: tags and styles are taken out, no-break spaces are blanks."""
    page = unescape(re.sub(r"<[^>]*>", " ", response.content.decode()))
    return " ".join(page.replace("\u00a0", " ").split())


@contextmanager
def at_most(queries: int) -> Iterator[None]:
    """The block takes no more queries than that, the session's and the user's among them."""
    with CaptureQueriesContext(connection) as seen:
        yield
    assert len(seen) <= queries, "\n".join(query["sql"][:200] for query in seen)
