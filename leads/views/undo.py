"""Taking back: the button of a message and of the history (`leads/undo.py`), and the message that carries it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from crm.errors import Refused
from leads.bulk import AT_ONCE, begin_undo
from leads.models import BulkAction
from leads.parting import call_beside
from leads.undo import action_of, last_action, token_of, undo
from leads.views.answers import viewer, way_on
from tasks.models import Task
from team.pages import way_back


@login_required
@require_POST
def undo_action(request: HttpRequest, token: str) -> HttpResponse:
    """Take back one's own action, named by its signed token; `next` is where to go on. Pressed twice, it stays so."""
    action = action_of(token)
    if action is None:
        raise Http404
    home = reverse("home")
    long = BulkAction.objects.filter(action=action, by=viewer(request), total__gt=AT_ONCE).first()
    try:
        if long is not None:
            return redirect("lead-bulk-detail", begin_undo(long, by=viewer(request)).pk)
        undone = undo(action, by=viewer(request))
    except Refused as refusal:
        messages.warning(request, refusal.detail)
    else:
        messages.success(request, _("Undone"))
        if count := len(undone.refused):
            said = ngettext("%(count)s lead has not been undone.", "%(count)s leads have not been undone.", count)
            messages.warning(request, f"{said % {'count': count}} {next(iter(undone.refused.values()))}")
        home = way_on(request, undone.leads[0])
    return redirect(way_back(request, home))


def undo_url(action: UUID) -> str:
    """The address that takes an action back."""
    return reverse("undo", args=[token_of(action)])


def say_undoable(request: HttpRequest, said: str, action: UUID, *, back: str = "") -> None:
    """A message with «Отменить»; from there one goes on to `back`, else to where one was."""
    messages.success(request, said, extra_tags=f"{undo_url(action)} {back}".strip())


def say_finished(request: HttpRequest, task: Task, *, back: str = "") -> None:
    """The same for a task that this person has ticked off; one of a deal is not taken back."""
    said = _("Done: %(title)s") % {"title": task.title}
    trace = last_action(task.lead_id, viewer(request)) if task.lead_id is not None else None
    if trace is not None and str(task.pk) in trace.after["tasks"]:
        say_undoable(request, said, trace.action, back=back)
    else:
        messages.success(request, said)


def say_done(request: HttpRequest, said: str, lead_id: int, *, back: str = "") -> None:
    """The same for what this person has just done to a lead, with «Отменить» where it can be taken back."""
    trace = last_action(lead_id, viewer(request))
    if trace is None:
        messages.success(request, said)
        return
    say_undoable(request, said, trace.action, back=back)
    if trace.touch is not None and (other := call_beside(trace.touch)):
        told = {"who": other.by, "outcome": other.get_outcome_display().lower()}
        both = _("%(who)s has just recorded a call to this client as well: %(outcome)s. Both are kept.")
        messages.warning(request, both % told)
