"""Pages for what goes wrong outside of any view: a request that cannot be read, and a failure of ours. The latter needs
nothing that may be broken, and names a code that the log names too.
"""

from __future__ import annotations

import secrets

import structlog
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.utils import translation
from django.utils.translation import gettext as _

from crm.errors_api import too_large

logger = structlog.get_logger(__name__)


def server_error(request: HttpRequest) -> HttpResponse:
    """500 with a code of four signs: the beginning of the request's id in the log, or a new one that is logged here."""
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", "")) or secrets.token_hex(8)
    code = request_id.replace("-", "")[:4].upper()
    logger.error("page_failed", error_code=code, request_id=request_id)
    page = loader.render_to_string("500.html", {"error_code": code})
    return HttpResponse(
        page, status=500, headers={"Content-Language": translation.get_language() or "ru", "X-Error-Code": code}
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, and 413 for a form beyond the limit of a body, with the sentence that the API has for it."""
    large = isinstance(exception, RequestDataTooBig)
    title = too_large() if large else _("The request cannot be read.")
    return render(request, "refusal.html", {"title": title}, status=413 if large else 400)
