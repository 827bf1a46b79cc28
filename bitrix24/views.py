"""Where the portal's outgoing webhook posts: whoever knows the token is heard, and answered at once."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from bitrix24.pull import hear
from outbox.links import objects_known_as

HEARD = {"ONCRMLEADADD", "ONCRMLEADUPDATE", "ONCRMLEADDELETE"}
LONGEST_ID = 15  # digits


@csrf_exempt
@require_POST
def event(request: HttpRequest) -> HttpResponse:
    """Note that something happened to a lead there. The id is all that is believed; the worker reads the lead.

    Answers 403 without the right token, 404 while there is none in the settings, else 200: the portal does not send
    again, and calls those less often who answer otherwise.
    """
    expected = settings.BITRIX24_APPLICATION_TOKEN
    if not expected or settings.BITRIX24_WEBHOOK is None:
        raise Http404
    if not secrets.compare_digest(request.POST.get("auth[application_token]", "").encode(), expected.encode()):
        return HttpResponseForbidden("wrong token", content_type="text/plain")
    name, number = request.POST.get("event", "").upper(), request.POST.get("data[FIELDS][ID]", "")
    is_id = number.isascii() and number.isdigit() and len(number) <= LONGEST_ID
    # Our own writes come back as messages: what is known here matters only when it is deleted there.
    if name in HEARD and is_id and (name == "ONCRMLEADDELETE" or not objects_known_as("lead", [int(number)])):
        hear([int(number)])
    return HttpResponse("ok", content_type="text/plain")
