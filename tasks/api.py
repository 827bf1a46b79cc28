"""Tasks in the API: the list, and a task done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import django_filters as filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crm.api_filters import IdFilter, MomentFilter, PersonFilter
from tasks.actions import complete
from tasks.models import Task
from tasks.serializers import TaskRow

ALL = "all"


class TaskFilter(filters.FilterSet):
    state = filters.ChoiceFilter(
        choices=[*Task.State.choices, (ALL, ALL)], method="in_state", label="`open` without it; `all` for every one"
    )
    assignee = PersonFilter(label="The number of a colleague, or `me`")
    due_before = MomentFilter(field_name="due_at", lookup_expr="lt", label="Due before this time")
    lead = IdFilter(label="The number of a lead")
    deal = IdFilter(label="The number of a deal")

    class Meta:
        model = Task
        fields: list[str] = []

    def in_state(self, tasks: QuerySet[Task], _name: str, state: str) -> QuerySet[Task]:
        """The tasks of one state; `all` is no condition."""
        return tasks if state == ALL else tasks.filter(state=state)

    def filter_queryset(self, queryset: QuerySet[Task]) -> QuerySet[Task]:
        """Open tasks, unless a state is asked for."""
        tasks: QuerySet[Task] = super().filter_queryset(queryset)
        return tasks if self.form.cleaned_data.get("state") else tasks.filter(state=Task.State.OPEN)


class TaskList(generics.ListAPIView[Task]):
    serializer_class = TaskRow
    filterset_class = TaskFilter
    orderings: ClassVar[dict[str, str]] = {"due_at": "due_at", "created_at": "created_at"}
    default_ordering = "due_at"
    ordering_param = True

    def get_queryset(self) -> QuerySet[Task]:
        return Task.objects.visible_to(self.request.user).select_related("assignee")

    @extend_schema(operation_id="tasks", summary="What is to be done, the earliest first", tags=["tasks"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class CompleteTask(APIView):
    # What finishing a task means for a lead, the leads know; `crm/api.py` passes it in.
    finish: Callable[..., Task] = staticmethod(complete)

    @extend_schema(
        operation_id="complete_task", summary="A task is done", request=None, responses=TaskRow, tags=["tasks"]
    )
    def post(self, request: Request, pk: int) -> Response:
        return Response(TaskRow(self.finish(pk, by=request.user)).data)
