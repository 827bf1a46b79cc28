"""Writing to the client: the page (or dialog) with messenger, text and link, and the touch once it was sent."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from contacts.ways import Way
from leads.access import refuse_duplicate
from leads.board import read_card
from leads.message_form import LeadMessageForm
from leads.messages import (
    WRITTEN,
    Text,
    chosen_text,
    messengers_in_use,
    texts_for,
    what_is_missing,
    why_not_to_write,
)
from leads.models import Lead
from leads.touches import log_touch
from leads.views.answers import FIRST, Again, attempt, card_url, show_form, viewer, way_on
from leads.views.undo import say_done
from leads.views.work import touch_said
from team.pages import needs, way_back
from team.roles import Right

OPEN, FILL = "open", "fill"
"""What the buttons of the form ask for; anything else says that the message was sent."""


@needs(Right.WORK_LEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def lead_message(request: HttpRequest, pk: int) -> HttpResponse:
    """A message to the client. `?messenger=`, `?template=` and `?task=` (a kind) choose, `?next=` is where to go on.

    Without script the buttons lead on: take a text, get the link, say whether it was sent. Only «Да» records a touch.
    """
    by = viewer(request)
    lead = Lead.objects.visible_to(by).with_card().get(pk=pk)
    refuse_duplicate(lead)
    asked = request.POST if request.method == "POST" else request.GET
    task_kind = asked.get("task", "")
    task_kind = task_kind if task_kind in WRITTEN else ""
    in_use = messengers_in_use()
    texts = texts_for(lead, by=by)
    chosen = chosen_text(texts, template=asked.get("template", ""), task_kind=task_kind)
    wanted = request.POST.get("do", "") if request.method == "POST" else FILL
    form = LeadMessageForm(
        None if wanted == FILL else request.POST,
        messengers=in_use,
        messenger=asked.get("messenger", ""),
        text=chosen.rendered.text if chosen else "",
        task_kind=task_kind,
    )
    again, opened = FIRST, False
    if wanted == OPEN:
        opened = form.is_valid() and not why_not_to_write(lead)
        again = FIRST if form.is_valid() else Again(422)
    elif wanted != FILL:

        def do() -> str:
            log_touch(pk, form.touch(), by=by)
            return _on(request, way_on(request, pk))

        answer = attempt(request, form, do)
        if isinstance(answer, HttpResponse):
            if Lead.objects.visible_to(by).filter(pk=pk).exists():
                say_done(request, touch_said(read_card(pk, by)), pk)
            return answer
        again = answer
    ways = [] if why_not_to_write(lead) else [Way(row, lead.phone or "") for row in in_use]
    return show_form(
        request,
        "leads/message.html",
        lead,
        form,
        again,
        **_shown(form, ways, chosen),
        texts=texts,
        chosen=chosen,
        why_not=why_not_to_write(lead),
        task_kind=task_kind,
        opened=opened,
        next=asked.get("next", ""),
        cancel_url=_on(request, card_url(pk)),
    )


def _on(request: HttpRequest, default: str) -> str:
    """Where to go on: the page of ours that was asked for, else `default`."""
    asked = request.POST.get("next") or request.GET.get("next")
    return way_back(request, default) if asked else default


def _shown(form: LeadMessageForm, ways: list[Way], chosen: Text | None) -> dict[str, Any]:
    """The chosen messenger with its link to the text as it stands, and what the text does without."""
    way = next((way for way in ways if way.messenger.code == form["messenger"].value()), ways[0] if ways else None)
    text = str(form["text"].value() or "")
    missing = chosen.rendered.missing if chosen is not None and text == chosen.rendered.text else ()
    said = _("Not known, so left out: %(what)s") % {"what": what_is_missing(missing)} if missing else ""
    return {"ways": ways, "way": way, "link": way.link(text.strip()) if way else "", "missing": said}
