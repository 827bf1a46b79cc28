"""How the log looks, and the steps that every line goes through so that no personal data gets into it."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

import structlog


def without_query(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Cut the query off the logged request: `?phone=` and `?search=` are part of the contract and name people."""
    if isinstance(request := event.get("request"), str) and "?" in request:
        event["request"] = request.split("?", 1)[0] + "?..."
    return event


MASKS = [
    (re.compile(r"DETAIL: .*"), "DETAIL: ..."),  # PostgreSQL quotes the row it refused
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"), "...@..."),
    (re.compile(r"(?<![\w.])(\+?\d{1,4})\d{5,10}(\d{4})(?!\w)"), r"\1...\2"),  # ten digits in a row or more
]


def masked(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask what looks like a phone or an e-mail in every text, tracebacks above all: errors quote what was sent."""
    for name, value in event.items():
        text = str(value) if isinstance(value, BaseException) else value
        if isinstance(text, str) and name != "timestamp":
            for pattern, instead in MASKS:
                text = pattern.sub(instead, text)
            event[name] = text
    return event


STEPS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    without_query,
    structlog.processors.TimeStamper(fmt="iso"),
    structlog.processors.StackInfoRenderer(),
]
# What structlog itself is told, by keyword.
STRUCTLOG: dict[str, Any] = {
    "processors": [*STEPS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    "logger_factory": structlog.stdlib.LoggerFactory(),
    "cache_logger_on_first_use": True,
}


def logging(*, readable: bool) -> dict[str, Any]:
    """The settings of the log: lines to read on a newcomer's machine, else JSON. Nothing in it names a person."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": STEPS,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *(
                        [structlog.dev.ConsoleRenderer(colors=False)]
                        if readable
                        else [
                            structlog.processors.format_exc_info,
                            masked,
                            structlog.processors.JSONRenderer(ensure_ascii=False),
                        ]
                    ),
                ],
            },
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": "WARNING" if readable else "INFO"},
        "loggers": {
            # Django's own handlers and lines would say everything twice: django-structlog logs each request.
            "django": {"handlers": [], "propagate": True},
            "django.request": {"handlers": [], "propagate": False},
            "httpx": {"level": "WARNING"},  # its lines hold whole addresses, and so the webhook's code
            "django.server": {"handlers": [], "propagate": True, "level": "WARNING"},
        },
    }
