"""Pages about tasks: the list of them, and finishing one from wherever it stands."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from crm import clock
from crm.errors import Refused
from history import journal
from tasks.listing import VIEWS, TaskFilters
from tasks.models import Task
from team.pages import way_back

PER_PAGE = 50


@require_GET
@login_required
def task_list(request: HttpRequest) -> HttpResponse:
    """The tasks that the address asks for: today's and overdue ones without a word."""
    form = TaskFilters(request.GET, user=request.user)
    tasks = form.narrow(at=clock.now()).select_related(
        "assignee", "created_by", "lead__contact", "deal__contact", "deal__stage"
    )
    page = Paginator(tasks, PER_PAGE).get_page(request.GET.get("page"))
    journal.shown("task", (task.pk for task in page))
    shown = {"form": form, "page": page, "views": list(VIEWS.items()), "chosen": form.view_name}
    return render(request, "tasks/list.html", shown)


@login_required
@require_POST
def done(
    request: HttpRequest, pk: int, finish: Callable[..., Task], tell: Callable[[HttpRequest, Task], None]
) -> HttpResponse:
    """Finish a task by the verb `finish`, go back and `tell` it there; one no longer to be done is said to be so."""
    try:
        task = finish(pk, by=request.user)
    except Refused as refusal:
        messages.error(request, refusal.detail)
    else:
        tell(request, task)
    return HttpResponseRedirect(way_back(request, reverse("home")))
