"""How people look at the list of leads: filters saved under a name, the columns they want, and what opens first."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm import clock


class SavedView(models.Model):
    """A filter of the list under a name. It is its owner's; a shared one is everybody's to open."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=40)
    query = models.TextField(blank=True)  # the filters of an address, checked, in one spelling
    shared = models.BooleanField(_("shared"), default=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["shared", "created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="a_view_has_its_own_name")]

    def __str__(self) -> str:
        return self.name


class ListLook(models.Model):
    """A person's columns of the list, and the view with which it opens."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="list_look")
    columns = models.JSONField(default=list)  # codes of the columns shown; empty: all of them
    default_view = models.ForeignKey(SavedView, on_delete=models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return str(self.user)
