"""The application that a benchmark serves: the product with the yardstick, and each answer's time in a header."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings

from crm.wsgi import application as product

TOOK = "X-Took-Ms"


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer as the product does, and say in `TOOK` how many milliseconds it took up to the last byte."""
    began = time.perf_counter()
    head: list[Any] = []

    def keep(*given: Any) -> Callable[[bytes], object]:
        head[:] = given
        return lambda _piece: None

    body = product(environ, keep)
    parts = list(body)
    if close := getattr(body, "close", None):
        close()
    took = (TOOK, f"{(time.perf_counter() - began) * 1000:.2f}")
    start_response(head[0], [*head[1], took])
    return parts


settings.ROOT_URLCONF = "crm.bench_urls"
