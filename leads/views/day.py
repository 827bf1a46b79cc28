"""«Мой день»: the client to call now, how the call ended, and the next one. Every action is a plain form.

Opening the page hands the next client out, since that is what an operator opens it for; it holds nobody off line.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crm import clock
from crm.errors import Refused
from crm.templatetags.crm_format import moment
from history import journal
from leads.board import offices
from leads.day import Client, Line, read_client, read_line, read_numbers, read_place, workable
from leads.day_forms import ResultForm, SkipForm
from leads.models import Lead
from leads.parting import lately_theirs, log_parting_touch
from leads.queue import choose_client, next_client, next_of, skip
from leads.results import Result, finish_here, record_result
from leads.scripts import script_of_status
from leads.views.answers import Again, attempt, viewer
from leads.views.parting import agreed, say_parting
from leads.views.undo import say_done, say_finished
from tasks.actions import Catalogue
from tasks.models import Kind, Task
from team.holds import free_holds, held_by, renew_hold
from team.models import ShiftPeriod, User
from team.once import new_token, once
from team.pages import needs
from team.roles import Right

ON = ShiftPeriod.State.ON


@needs(Right.TAKE_LEAD)
@require_GET
def day(request: HttpRequest) -> HttpResponse:
    """The page. `?lead=` puts a client of the queue on top; without one the next is handed out."""
    by, at = viewer(request), clock.now()
    state, hold = read_place(by, at=at)
    wanted = request.GET.get("lead", "")
    if hold and not (workable(hold.lead) and hold.lead.responsible_id in (None, by.pk)):
        _tell_where_it_went(request, hold.lead, by)
        free_holds(by.pk)
        hold = None
    if state == ON and _is_number(wanted) and (hold is None or hold.lead_id != int(wanted)):
        return _choose(request, int(wanted))
    catalogue = Catalogue.read()
    line = read_line(by, catalogue, at=at)
    if state == ON and hold is None and (line.now or line.late) and (offer := next_client(by=by)):
        return redirect(_address(offer.lead.pk))
    client = read_client(hold.lead, by, line, catalogue, until=hold.expires_at, at=at) if hold and state == ON else None
    return _show(request, client, line, state=state, at=at)


def _is_number(given: str) -> bool:
    return given.isascii() and given.isdecimal() and len(given) < 19


def _choose(request: HttpRequest, lead_id: int) -> HttpResponse:
    """Hold a client picked from the queue; whom a colleague took is told, and the next one comes."""
    try:
        choose_client(lead_id, by=viewer(request))
    except Refused as refusal:
        messages.warning(request, refusal.detail)
        return redirect("day")
    return redirect(_address(lead_id))


def _address(lead_id: int) -> str:
    return f"{reverse('day')}?lead={lead_id}"


def _tell_where_it_went(request: HttpRequest, lead: Lead, by: User) -> None:
    if lead.responsible and lead.responsible_id != by.pk:
        messages.warning(request, _("The lead was handed over: %(name)s") % {"name": lead.responsible})


def _show(
    request: HttpRequest,
    client: Client | None,
    line: Line,
    *,
    state: str,
    at: datetime,
    form: Form | None = None,
    skip_form: Form | None = None,
    status: int = 200,
) -> HttpResponse:
    by = viewer(request)
    context: dict[str, Any] = {
        "client": client,
        "line": line,
        "numbers": read_numbers(by, hours=line.hours, at=at),
        "at": at,
        "shift_state": state,
        "token": new_token(request),
    }
    if client:
        journal.shown("lead", [client.lead.pk])
        context["form"] = form or ResultForm(client=client, offices=offices())
        context["skip_form"] = skip_form or SkipForm()
    elif state == ON:
        context["next_task"] = line.later[0] if line.later else next_of(by, at=at)
    return render(request, "day/day.html", context, status=status)


def _client(request: HttpRequest, pk: int, lead: Lead | None = None) -> tuple[Client, Line]:
    """The client that a form is about. Raises Lead.DoesNotExist if they are not this person's to see."""
    by, at = viewer(request), clock.now()
    if lead is None:
        rows = Lead.objects.visible_to(by).select_related("contact", "source", "office", "responsible")
        lead = rows.annotate(script=script_of_status()).get(pk=pk)
    catalogue = Catalogue.read()
    line = read_line(by, catalogue, at=at)
    hold = held_by(by, at=at)
    until = hold.expires_at if hold and hold.lead_id == pk else None
    return read_client(lead, by, line, catalogue, until=until, at=at), line


def _is_away(request: HttpRequest, pk: int) -> bool:
    """Was the client taken from this person while they were calling?"""
    by = viewer(request)
    _state, hold = read_place(by, at=clock.now())
    if hold is None or hold.lead_id != pk or hold.lead.responsible_id in (None, by.pk):
        return False
    _tell_where_it_went(request, hold.lead, by)
    free_holds(by.pk)
    return True


@needs(Right.TAKE_LEAD)
@require_POST
def day_result(request: HttpRequest, pk: int) -> HttpResponse:
    """How the call ended. The next client comes, or the page again with what was typed and what is wrong with it."""
    by = viewer(request)
    here = Lead.objects.visible_to(by).filter(pk=pk).exists()
    client, line = _client(request, pk, lead=None if here else lately_theirs(pk, by, at=clock.now()))
    form = ResultForm(request.POST, client=client, offices=offices())

    def do() -> str:
        if here:
            record_result(pk, form.outcomes(), by=by)
        else:
            log_parting_touch(pk, form.outcomes().touch(), agreed=agreed(form.outcomes(), client.lead), by=by)
        return reverse("day")

    answer = attempt(request, form, do)
    if isinstance(answer, Again):
        return _show(request, client, line, state=ON, at=client.at, form=form, status=answer.status)
    if here:
        say_done(request, _said(pk, form), pk, back=_address(pk))
    else:
        say_parting(request, client.lead)
    return _on_to_the_next(request, answer)


def _on_to_the_next(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    with contextlib.suppress(Refused):
        next_client(by=viewer(request))
    return answer


def _said(pk: int, form: ResultForm) -> str:
    """«Дорохов: не ответил. Касание 2 записано. Следующее — сегодня, 14:30.»"""
    lead = Lead.objects.get(pk=pk)
    told = form.outcomes()
    name = lead.name or _("Lead № %(id)s") % {"id": pk}
    said = f"{name}: {Result(told.result).label.lower()}. "
    said += _("Touch %(number)s saved.") % {"number": lead.touches_count}
    calls = Task.objects.open().filter(lead_id=pk, kind=Kind.CONTACT_CLIENT).order_by("due_at", "pk")
    if following := calls.first():
        said += " " + _("Next: %(when)s.") % {"when": moment(following.due_at)}
    return said


@needs(Right.TAKE_LEAD)
@require_POST
def day_skip(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the client aside, with a reason."""
    if _is_away(request, pk):
        return redirect("day")
    form = SkipForm(request.POST)

    def do() -> str:
        skip(pk, form.told(), by=viewer(request))
        return reverse("day")

    answer = attempt(request, form, do)
    if isinstance(answer, Again):
        client, line = _client(request, pk)
        return _show(request, client, line, state=ON, at=client.at, skip_form=form, status=answer.status)
    messages.info(request, _("Skipped. The client comes back in half an hour."))
    return _on_to_the_next(request, answer)


@needs(Right.TAKE_LEAD)
@require_POST
def day_done(request: HttpRequest, pk: int) -> HttpResponse:
    """Finish the task that brought the client up, when it is not a call."""

    def do() -> str:
        finish_here(pk, by=viewer(request))
        return reverse("day")

    answer = HttpResponseRedirect(once(request, do))
    say_finished(request, Task.objects.get(pk=pk), back=reverse("day"))
    return _on_to_the_next(request, answer)


@needs(Right.TAKE_LEAD)
@require_POST
def day_hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on holding the client: until when, in words and as a moment. 409 if they are not held any more."""
    until = renew_hold(pk, by=viewer(request), at=clock.now())
    if until is None:
        return JsonResponse({"detail": _("The lead is not reserved for you any more.")}, status=409)
    return JsonResponse({"until": until.isoformat(), "time": _clock_time(until)})


def _clock_time(at: datetime) -> str:
    return timezone.localtime(at).strftime("%H:%M")
