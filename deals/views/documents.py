"""The checklist of a deal: a press on a document, all about one, and reminding the client of what is missing."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from contacts.message_form import MessageForm
from crm.errors import Invalid
from deals.access import require_deal_work
from deals.documents import State, checklist, describe_document, set_documents, tell_reminded
from deals.forms import DocumentForm
from deals.models import DocumentKind
from deals.reminder import reminder, ways_of, why_not_to_write
from deals.views.answers import card_url, deal_to_see, show_form
from team.attempts import FIRST, Again, attempt, viewer

OPEN, SENT = "open", "sent"
"""What the buttons of the reminder ask for: its link, without script; to write down that it was sent."""


@require_POST
@login_required
def documents(request: HttpRequest, pk: int) -> HttpResponse:
    """`to` names a document and its state: «12:received». Saying again what is so already changes nothing."""
    deal_to_see(request, pk)
    kind, _colon, state = request.POST.get("to", "").partition(":")
    try:
        set_documents(pk, {_number(kind): state}, by=viewer(request))
    except Invalid as refusal:
        if not request.htmx:  # type: ignore[attr-defined]
            raise
        messages.error(request, refusal.fields["documents"][0])  # the list as it is now comes with it
    return redirect(f"{card_url(pk)}#documents")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def document(request: HttpRequest, pk: int, kind_id: int) -> HttpResponse:
    """How far one document is, with a note."""
    deal = deal_to_see(request, pk)
    kind = DocumentKind.objects.get(pk=kind_id)
    row = deal.documents.filter(kind=kind).select_related("changed_by").first()
    state = row.state if row else State.NEEDED if kind.required else State.UNNEEDED
    form = DocumentForm(
        request.POST if request.method == "POST" else None, initial={"state": state, "words": row.note if row else ""}
    )
    again = FIRST
    if request.method == "POST":

        def do() -> str:
            said = form.cleaned_data
            describe_document(pk, kind_id, state=said["state"], words=said["words"], by=viewer(request))
            return f"{card_url(pk)}#documents"

        answer = attempt(request, form, do)
        if isinstance(answer, HttpResponse):
            return answer
        again = answer
    return show_form(request, "deals/document.html", deal, form, again, kind=kind, row=row)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def remind(request: HttpRequest, pk: int) -> HttpResponse:
    """A message that lists what is missing. Without script the buttons lead on: get the link, say whether it was sent;
    only «Да» writes it down.
    """
    deal, by = deal_to_see(request, pk), viewer(request)
    require_deal_work(by)
    missing = checklist(deal)
    ways = ways_of(deal)
    wanted = request.POST.get("do", "")
    form = MessageForm(
        request.POST if request.method == "POST" else None,
        messengers=[way.messenger for way in ways],
        messenger=request.GET.get("messenger", ""),
        text=reminder(deal, missing, by=by) if missing.missing else "",
    )
    again, opened = FIRST, False
    if wanted == SENT:

        def do() -> str:
            tell_reminded(pk, _asked_for(request), form.cleaned_data["text"], by=by)
            return f"{card_url(pk)}#documents"

        answer = attempt(request, form, do)
        if isinstance(answer, HttpResponse):
            messages.success(request, _("The client was reminded of the documents"))
            return answer
        again = answer
    elif request.method == "POST":
        opened = form.is_valid() and wanted == OPEN
        again = FIRST if form.is_valid() else Again(422)
    chosen = next((way for way in ways if way.messenger.code == form["messenger"].value()), next(iter(ways), None))
    text = str(form["text"].value() or "").strip()
    return show_form(
        request,
        "deals/remind.html",
        deal,
        form,
        again,
        ways=ways,
        way=chosen,
        link=chosen.link(text) if chosen else "",
        lacking=missing.missing,
        why_not=why_not_to_write(deal),
        opened=opened,
    )


def _asked_for(request: HttpRequest) -> list[int]:
    """The documents that the message was made of, as the form carries them."""
    return [_number(given) for given in request.POST.getlist("kinds")]


def _number(given: str) -> int:
    """The number of a row; 0, which is no row's, for what is no number."""
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else 0
