"""How pages say no: what a verb raised (`crm/errors.py`) becomes a page with the sentence and the way on, never a 500.

Views turn what belongs to their own form into errors beside its fields (`explain`); what is left comes here.
"""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import ObjectDoesNotExist
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.defaults import page_not_found

from crm.errors import Busy, Forbidden, Invalid, Refused
from crm.errors_api import API, RETRY_AFTER
from crm.outages import is_outage

FREE_TEXT = ("text", "comment", "words")  # the fields into which people write sentences
LONGEST = 10_000  # characters shown of each


class Refusals:
    """Middleware: answers for pages what `crm.errors_api.answer` answers for the API."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The page for what a view let through; None for a bug, which is then a 500 with a log entry."""
        if request.path_info.startswith(API):
            return None
        match error:
            case Refused():
                return refusal(request, 409, error.detail)
            case Invalid():
                return refusal(
                    request, 422, _("Check the fields"), [said for all_of in error.fields.values() for said in all_of]
                )
            case Forbidden():
                shown = {"exception": error.detail, "typed": typed(request)}
                return render(request, "403.html", shown, status=403)
            case ObjectDoesNotExist() if request.method == "POST":
                return render(request, "404.html", {"typed": typed(request)}, status=404)
            case ObjectDoesNotExist():
                return page_not_found(request, error)
            case _ if isinstance(error, Busy) or is_outage(error):
                response = refusal(request, 503, _("The database is busy. Try again in a few seconds."))
                response["Retry-After"] = str(RETRY_AFTER)
                return response
        return None


def typed(request: HttpRequest) -> list[str]:
    """What somebody has written into a form that is not shown again: kept on the page, to be copied from there."""
    written = (request.POST.get(name, "").strip() for name in FREE_TEXT) if request.method == "POST" else ()
    return [text[:LONGEST] for text in written if text]


def refusal(request: HttpRequest, status: int, title: str, reasons: list[str] | None = None) -> HttpResponse:
    """A page (for htmx: a banner) that says what was refused and leads back to where the person came from."""
    back = request.META.get("HTTP_REFERER", "")
    context = {
        "title": title,
        "reasons": reasons or [],
        "back": back if _is_ours(request, back) else "",
        "typed": typed(request),
    }
    template = "_refusal.html" if getattr(request, "htmx", False) else "refusal.html"
    return render(request, template, context, status=status)


def _is_ours(request: HttpRequest, address: str) -> bool:
    return address.startswith(request.build_absolute_uri("/"))


def explain(form: Form, error: Invalid) -> None:
    """Put what a verb found wrong beside the fields of a bound, valid form; what has no field there, above them."""
    for name, sentences in error.fields.items():
        for sentence in sentences:
            form.add_error(name if name in form.fields else None, sentence)
