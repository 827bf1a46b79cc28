"""How the API says no: one shape for every refusal, whoever raised it (`crm/errors.py`, Django or the framework).

`answer` turns exceptions of API calls into JSON; `ApiDoor` does the same for what never reaches a call: unknown
addresses, over-long bodies, failures of the layers around it. No error of /api/ is ever a page.
"""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, ObjectDoesNotExist, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import PermissionDenied as NotPermitted
from django.db import DataError, IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response

from crm.errors import Busy, Forbidden, Invalid, Refused
from crm.outages import is_outage
from crm.text import clean
from team.authentication import language_of_caller

API = "/api/"
RETRY_AFTER = 5  # seconds; a restarted database is usually back by then
LONGEST_SENTENCE = 500
DRAINED = 16 * 1024 * 1024  # of an over-long body this much is read away, so that the sender gets to see the answer
DRAINING_TIME = 1.0  # seconds
PORTION = 64 * 1024


def answer(error: Exception, _context: Mapping[str, Any]) -> Response | None:
    """The response for what an API call raised; None for a bug, which is then a 500 with a log entry."""
    match error:
        case Refused():
            refused: dict[str, Any] = {"code": error.code, "detail": error.detail}
            if error.allowed is not None:
                refused["allowed"] = error.allowed
            return Response(refused, status=409)
        case Invalid():
            return Response(_by_field(error.fields), status=400)
        case exceptions.ValidationError():
            return Response(_by_field(error.detail), status=400)
        case Forbidden():
            return _said(403, error.code, error.detail)
        case NotPermitted():
            return _said(403, "forbidden", _("You may not do this."))
        case ObjectDoesNotExist() | Http404():
            return _said(404, "not_found", _("There is no such record, or it is not yours to see."))
        case _ if isinstance(error, Busy) or is_outage(error):
            return _said(503, "busy", _("The database is busy. Try again in a few seconds."), retry=RETRY_AFTER)
        case IntegrityError():
            return _said(409, "conflict", _("Somebody else has just changed the same. Try again."))
        case RequestDataTooBig():
            return _said(413, "too_large", too_large())
        case DataError() | BadRequest() | SuspiciousOperation() | MultiPartParserError():
            return _said(400, "invalid", _("The request cannot be read."))
        case exceptions.Throttled():
            return _said(429, "throttled", _("Too many requests. Try again later."), retry=error.wait or 1)
        case exceptions.PermissionDenied():
            return _said(403, "forbidden", _("You may not do this."))
        case exceptions.APIException():
            return _of_framework(error)
    return None


def too_large() -> str:
    """The sentence for a body beyond the limit."""
    kilobytes = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024
    return _("The request is too large: at most %(size)d KB.") % {"size": kilobytes}


def _said(status: int, code: str, detail: str, *, retry: float | None = None) -> Response:
    headers = {} if retry is None else {"Retry-After": str(max(1, math.ceil(retry)))}
    return Response({"code": code, "detail": detail}, status=status, headers=headers)


def _of_framework(error: exceptions.APIException) -> Response:
    """The framework's own refusals, in our words where we have any."""
    codes = error.get_codes()
    said: str | None = None
    match error:
        case exceptions.NotAuthenticated():
            said = _("Send a key in the header: Authorization: Token <key>.")
        case exceptions.MethodNotAllowed():
            said = _("This address does not take that method.")
        case exceptions.NotAcceptable():
            said = _("The answer is JSON only.")
        case exceptions.UnsupportedMediaType():
            said = _("Send JSON in UTF-8.")
    detail = said or clean(str(error.detail), limit=LONGEST_SENTENCE)
    response = _said(error.status_code, codes if isinstance(codes, str) else error.default_code, detail)
    if header := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = header
    return response


def _by_field(detail: Any) -> dict[str, list[str]]:
    """Field name -> sentences; what belongs to no field stands under `non_field_errors`."""
    if isinstance(detail, Mapping):
        return {str(name): _sentences(said) for name, said in detail.items()}
    return {"non_field_errors": _sentences(detail)}


def _sentences(said: Any) -> list[str]:
    if isinstance(said, Mapping):
        return [sentence for inner in said.values() for sentence in _sentences(inner)]
    if isinstance(said, Sequence) and not isinstance(said, str):
        return [sentence for inner in said for sentence in _sentences(inner)]
    # A sentence may quote what was sent: that may be endless, or what cannot be written out again.
    return [clean(str(said), limit=LONGEST_SENTENCE)]


@csrf_exempt
def no_such_address(request: HttpRequest) -> HttpResponse:
    """The answer at an address that the API does not have, also at one that only lacks its last slash."""
    return _plain("not_found", _("There is no such address."), status=404)


class ApiDoor:
    """Middleware around /api/: bounds the body before anybody buffers it, and lets no error page out.

    A body may come without Content-Length (chunked): Django would take it for empty, so it is read here, up to the
    limit (`reliability.md` H06).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(API):
            return self.get_response(request)
        if self._is_too_large(request):
            _drain(request)
            language = language_of_caller(request) or translation.get_language()
            with translation.override(language):
                refusal = _plain("too_large", too_large(), status=413)
            refusal["Content-Language"] = language
            return refusal
        response = self.get_response(request)
        response.setdefault("Cache-Control", "no-store")  # personal data
        if response.status_code >= 400 and not response.get("Content-Type", "").startswith("application/json"):
            return self._as_json(response)
        return response

    def _is_too_large(self, request: HttpRequest) -> bool:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        declared = str(request.META.get("CONTENT_LENGTH") or "")
        if declared:
            return not declared.isdecimal() or len(declared) > 18 or int(declared) > limit
        stream = request.META.get("wsgi.input")
        if not request.META.get("wsgi.input_terminated") or stream is None:
            return False
        body = stream.read(limit + 1)
        if len(body) > limit:
            return True
        request.META["CONTENT_LENGTH"] = str(len(body))
        request._stream = io.BytesIO(body)  # type: ignore[attr-defined]
        return False

    def _as_json(self, response: HttpResponse) -> HttpResponse:
        """The same refusal without the page that Django makes of it."""
        status = response.status_code
        said = {
            400: ("invalid", _("The request cannot be read.")),
            403: ("forbidden", _("You may not do this.")),
            404: ("not_found", _("There is no such address.")),
            405: ("method_not_allowed", _("This address does not take that method.")),
            413: ("too_large", too_large()),
        }
        code, detail = said.get(status, ("error", _("That failed. We know about it. Try again in a minute.")))
        plain = _plain(code, detail, status=status)
        for header in ("Allow", "Retry-After", "WWW-Authenticate"):
            if header in response:
                plain[header] = response[header]
        return plain


def _plain(code: str, detail: str, *, status: int) -> HttpResponse:
    """A refusal outside of any call of the API."""
    return JsonResponse({"code": code, "detail": detail}, status=status, json_dumps_params={"ensure_ascii": False})


def _drain(request: HttpRequest) -> None:
    """Read a refused body away piece by piece: a connection closed over unread data would lose the answer."""
    stream = request.META.get("wsgi.input")
    if stream is None:
        return
    left = int(declared) if (declared := str(request.META.get("CONTENT_LENGTH") or "")).isdecimal() else DRAINED
    left = min(left, DRAINED)
    until = time.monotonic() + DRAINING_TIME
    while left > 0 and time.monotonic() < until:
        piece = stream.read(min(PORTION, left))
        if not piece:
            return
        left -= len(piece)
