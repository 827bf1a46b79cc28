"""Pages about tasks: finishing one from the card it stands on."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crm.errors import Refused
from tasks.models import Task
from team.pages import way_back


@login_required
@require_POST
def done(request: HttpRequest, pk: int, finish: Callable[..., Task]) -> HttpResponse:
    """Finish a task by the verb `finish` and go back to its card; one no longer to be done says so there."""
    try:
        task = finish(pk, by=request.user)
    except Refused as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, _("Done: %(title)s") % {"title": task.title})
    return HttpResponseRedirect(way_back(request, reverse("home")))
