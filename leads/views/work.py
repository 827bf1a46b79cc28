"""What is recorded on the card: touches, comments, tasks, who has the lead. A refusal shows the card with the form."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm import clock
from crm.errors import Invalid, Refused
from crm.templatetags.crm_format import due
from leads.board import Card, closed_reasons, offices, people_of_call_centre, read_card
from leads.call_form import CallForm
from leads.editing import assign, set_task, take
from leads.forms import AssignForm, CommentForm, TaskForm, TouchForm
from leads.messages import messengers_in_use
from leads.models import Lead
from leads.parting import lately_theirs, log_parting_touch
from leads.pipeline import Move, Status
from leads.remarks import comment, log_busy, log_conversation
from leads.results import Outcomes, Result
from leads.touch_policy import Channel, Outcome
from leads.touches import NewTouch, log_touch
from leads.views.answers import FIRST, attempt, card_url, show_form, viewer, way_on
from leads.views.card import show_card
from leads.views.parting import agreed, say_parting
from leads.views.undo import say_done
from team.once import once
from team.pages import needs
from team.roles import Right


@needs(Right.WORK_LEADS)
@require_POST
def lead_touches(request: HttpRequest, pk: int) -> HttpResponse:
    """The result of a call or a message, with what follows from it."""
    by = viewer(request)
    pane = request.POST.get("pane", "")
    pane = pane if pane in ("call", "message") else ""
    if not Lead.objects.visible_to(by).filter(pk=pk).exists():
        return _part(request, lately_theirs(pk, by, at=clock.now()), pane)
    card = read_card(pk, by)
    form = _touch_form(request, card.lead, card.allowed, pane, closed_reasons(card))

    def do() -> str:
        if isinstance(form, CallForm) and form.is_busy:
            log_busy(pk, form.touch(), by=by)
        else:
            log_conversation(pk, form.touch(), by=by, then=form.move(), call_back_at=form.promised_at())
        return way_on(request, pk)

    pane = pane or "call"
    return _recorded(request, card, form, do, said=touch_said, pane=pane, **{f"{pane}_form": form})


def _touch_form(
    request: HttpRequest, lead: Lead, allowed: Collection[str], pane: str, closed: Collection[str] = ()
) -> TouchForm:
    if pane == "call":
        return CallForm(request.POST, lead=lead, allowed=allowed, offices=offices(), closed_reasons=closed)
    in_use = messengers_in_use()
    return TouchForm(request.POST, lead=lead, allowed=allowed, offices=offices(), pane=pane, messengers=in_use)


def _part(request: HttpRequest, lead: Lead, pane: str) -> HttpResponse:
    """The lead was handed over meanwhile: the touch is saved, and the next client comes."""
    by = viewer(request)
    form = _touch_form(request, lead, Status.values, pane)
    if not form.is_valid():
        raise Refused("handed_over", _("The lead was handed over: %(name)s") % {"name": lead.responsible}, allowed=[])
    move, at = form.move(), form.promised_at()
    if move is not None:
        at = move.meeting_at or move.callback_at
    result = Result.MEETING if move and move.meeting_at else Result.POSTPONED if move else Result.CALL_BACK
    said = agreed(Outcomes(result, at=at), lead)

    def do() -> str:
        log_parting_touch(lead.pk, form.touch(), agreed=said, by=by)
        return reverse("home")

    answer = HttpResponseRedirect(once(request, do))
    say_parting(request, lead)
    return answer


@needs(Right.WORK_LEADS)
@require_POST
def lead_no_show(request: HttpRequest, pk: int) -> HttpResponse:
    """The client did not come: one press. With `then` = "dialing" the lead goes back to being called."""
    by = viewer(request)
    then = Move(Status.DIALING) if request.POST.get("then") == Status.DIALING else None

    def do() -> str:
        log_touch(pk, NewTouch(channel=Channel.OFFICE, outcome=Outcome.NO_SHOW), by=by, then=then)
        return way_on(request, pk)

    try:
        answer = HttpResponseRedirect(once(request, do))
    except Invalid as error:
        refusal = " ".join(said for sentences in error.fields.values() for said in sentences)
        raise Refused("no_meeting", refusal) from error
    say_done(request, touch_said(read_card(pk, by)), pk)
    return answer


@needs(Right.WORK_LEADS)
@require_POST
def lead_comments(request: HttpRequest, pk: int) -> HttpResponse:
    card, form = read_card(pk, viewer(request)), CommentForm(request.POST)

    def do() -> str:
        comment(pk, form.cleaned_data["text"], by=viewer(request))
        return way_on(request, pk)

    return _recorded(request, card, form, do, said=lambda _card: _("Comment saved"), pane="comment", comment_form=form)


@needs(Right.WORK_LEADS)
@require_POST
def lead_tasks(request: HttpRequest, pk: int) -> HttpResponse:
    """A task set by hand; its time is of the client's clock."""
    card = read_card(pk, viewer(request))
    form = TaskForm(request.POST, zone=card.lead.zone)

    def do() -> str:
        given = form.cleaned_data
        set_task(pk, text=given["text"], due_at=given["due_at"], by=viewer(request))
        return way_on(request, pk)

    return _recorded(request, card, form, do, said=lambda _card: _("Task set"), pane="task", task_form=form)


def _recorded(
    request: HttpRequest, card: Card, form: Form, do: Callable[[], str], *, said: Callable[[Card], str], **bound: Any
) -> HttpResponse:
    """Back on the card, or the card again with the form as it was typed and what is wrong with it."""
    by, pk = viewer(request), card.lead.pk
    answer = attempt(request, form, do)
    if not isinstance(answer, HttpResponse):
        return show_card(request, read_card(pk, by), status=answer.status, refused=form, **bound)
    if Lead.objects.visible_to(by).filter(pk=pk).exists():
        words = said(read_card(pk, by))
        if isinstance(form, TouchForm):
            say_done(request, words, pk)
        else:
            messages.success(request, words)
    return answer


def touch_said(card: Card) -> str:
    """«Касание 2 записано. Следующее — сегодня, 14:30.»"""
    said = _("Touch %(number)s saved.") % {"number": card.lead.touches_count}
    if card.tasks:
        following = card.tasks[0]
        said += " " + _("Next: %(title)s, %(when)s.") % {"title": following.title, "when": due(following.due_at)}
    return said


@needs(Right.ASSIGN)
@require_http_methods(["GET", "HEAD", "POST"])
def lead_assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand a lead over."""
    by = viewer(request)
    lead = Lead.objects.visible_to(by).with_card().get(pk=pk)
    bound = request.POST if request.method == "POST" else None
    form = AssignForm(bound, people=people_of_call_centre(), present=lead.responsible_id)
    again = FIRST
    if request.method == "POST":

        def do() -> str:
            assign(pk, form.cleaned_data["responsible"], by=by)
            return way_on(request, pk)

        answer = attempt(request, form, do)
        if isinstance(answer, HttpResponse):
            responsible = Lead.objects.visible_to(by).select_related("responsible").get(pk=pk).responsible
            say_done(request, _("Owner: %(new)s") % {"new": responsible}, pk)
            return answer
        again = answer
    return show_form(request, "leads/assign.html", lead, form, again)


@needs(Right.TAKE_LEAD)
@require_POST
def lead_take(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an unassigned lead; somebody who was faster is named."""
    by = viewer(request)

    def do() -> str:
        take(pk, by=by)
        return card_url(pk)

    answer = HttpResponseRedirect(once(request, do))
    say_done(request, _("The lead is yours"), pk)
    return answer
