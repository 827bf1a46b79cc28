"""The list of tasks: whose, of which kind, due when. A value of the address that cannot be meant is left out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tasks.models import Kind, Task
from tasks.worktime import end_of_day
from team.models import User
from team.roles import Right, may

LATE, TODAY, LATER, OPEN, DONE = "late", "today", "later", "open", "done"
VIEWS = {
    LATE: _("Overdue"),
    TODAY: _("Today"),
    LATER: _("Later"),
    OPEN: _("All open"),
    DONE: _("Done"),
}
ME, NOBODY = "me", "none"


class TaskFilters(forms.Form):
    """The filters of the address. `people` are those whose tasks may be asked for."""

    view = forms.ChoiceField(choices=list(VIEWS.items()), required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=[("", _("All kinds")), *Kind.choices], required=False)
    who = forms.ChoiceField(label=_("Assignee"), required=False)

    def __init__(self, given: Mapping[str, str], *, user: User) -> None:
        super().__init__(given)
        self.user = user
        self.sees_all = may(user, Right.SEE_ALL)
        people = User.objects.filter(is_active=True) if self.sees_all else []
        choices = [("", _("All assignees")), (ME, _("Mine")), (NOBODY, _("Nobody's"))]
        who = self.fields["who"]
        assert isinstance(who, forms.ChoiceField)
        who.choices = [*choices, *((str(person.pk), str(person)) for person in people)]
        self.is_valid()

    @property
    def view_name(self) -> str:
        return str(self.cleaned_data.get("view") or TODAY)

    def narrow(self, *, at: datetime) -> QuerySet[Task]:
        """The tasks asked for that this person may see, the earliest first; done ones the latest first."""
        tasks = Task.objects.visible_to(self.user)
        if kind := self.cleaned_data.get("kind"):
            tasks = tasks.filter(kind=kind)
        who = self.cleaned_data.get("who")
        if who == NOBODY:
            tasks = tasks.filter(assignee__isnull=True)
        elif who:
            tasks = tasks.filter(assignee=self.user.pk if who == ME else int(who))
        tomorrow = end_of_day(at, ZoneInfo(settings.TIME_ZONE))
        if self.view_name == DONE:
            return tasks.filter(state=Task.State.DONE).order_by("-closed_at", "-pk")
        tasks = tasks.open()
        if self.view_name == LATE:
            tasks = tasks.filter(due_at__lt=at)
        elif self.view_name == TODAY:
            tasks = tasks.filter(due_at__lt=tomorrow)
        elif self.view_name == LATER:
            tasks = tasks.filter(due_at__gte=tomorrow)
        return tasks.order_by("due_at", "pk")
