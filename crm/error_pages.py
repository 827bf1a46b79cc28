"""The page for a failure of ours: it needs nothing that may be broken, and names a code that the log names too."""

from __future__ import annotations

import secrets

import structlog
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils import translation

logger = structlog.get_logger(__name__)


def server_error(request: HttpRequest) -> HttpResponse:
    """500 with a code of four signs: the beginning of the request's id in the log, or a new one that is logged here."""
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", "")) or secrets.token_hex(8)
    code = request_id.replace("-", "")[:4].upper()
    logger.error("page_failed", error_code=code, request_id=request_id)
    page = loader.render_to_string("500.html", {"error_code": code})
    return HttpResponse(page, status=500, headers={"Content-Language": translation.get_language() or "ru"})
