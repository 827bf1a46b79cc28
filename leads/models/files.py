"""Files on their way in and out: what was uploaded and how far it has come, and what was given out to whom."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm import clock
from crm.errands import Errand
from crm.singletons import Singleton


class ImportFile(Errand):
    """An uploaded table. First it is looked through (`step` check), then, when somebody says so, taken in.

    `place` is how many rows have been gone through: it is stored in the transaction of what became of them, so an
    import that was broken off goes on behind the last row that counts.
    """

    class Kind(models.TextChoices):
        LEADS = "leads", _("Leads: new applications")
        BITRIX24 = "bitrix24", _("Leads: an export of Bitrix24")
        CONTACTS = "contacts", _("Contacts")
        SOURCES = "sources", _("Sources")
        SPENDS = "spends", _("Spends on sources")
        STAGES = "stages", _("Deal stages")
        DOCUMENTS = "documents", _("Documents of deals")
        RULES = "rules", _("Task rules")
        DAYS = "days", _("Holidays and working days")
        OFFICES = "offices", _("Offices")
        SCRIPTS = "scripts", _("Scripts of calls")
        MESSENGERS = "messengers", _("Messengers")
        TEMPLATES = "templates", _("Message templates")

    class Step(models.TextChoices):
        CHECK = "check", _("looking through")
        TAKE = "take", _("taking in")

    kind = models.CharField(_("what is in it"), max_length=10, choices=Kind)
    step = models.CharField(max_length=10, choices=Step, default=Step.CHECK)
    name = models.CharField(_("file"), max_length=200)
    stored = models.CharField(max_length=60, blank=True)  # below the private folder; empty once removed
    digest = models.CharField(max_length=64, blank=True)  # of the rows, however they are encoded
    layout = models.JSONField(default=dict)  # how the file is to be read, as found (`crm.tables.Layout`)
    headers = models.JSONField(default=list)
    columns = models.JSONField(default=list)  # the field that each column is, "" for none
    meanings = models.JSONField(default=dict)  # field -> value as given -> code of ours, where a person chose
    unknown = models.JSONField(default=dict)  # field -> [[value that means nothing to us, rows], …]
    sample = models.JSONField(default=list)  # the first rows: [number, cells, verdict, why]
    place = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(_("new"), default=0)
    repeats = models.PositiveIntegerField(_("duplicates"), default=0)
    known = models.PositiveIntegerField(_("here already"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    started_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("imported file")
        verbose_name_plural = _("imported files")
        ordering = ["-asked_at", "-id"]
        indexes = [
            models.Index(fields=["asked_at"], condition=Q(state__in=["waiting", "running"]), name="imports_open"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        *("leads", "bitrix24", "contacts", "sources", "spends", "stages", "documents", "rules"),
                        *("days", "offices", "scripts", "messengers", "templates"),
                    ]
                ),
                name="import_kind_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_checked(self) -> bool:
        """Does it wait for somebody to start it?"""
        return self.step == self.Step.CHECK and self.state == self.State.DONE

    @property
    def is_taken(self) -> bool:
        return self.step == self.Step.TAKE and self.state == self.State.DONE


class RefusedRow(models.Model):
    """A row that was not taken in, as it came, and why. It goes with its file."""

    file = models.ForeignKey(ImportFile, on_delete=models.CASCADE, related_name="refused_rows")
    number = models.PositiveIntegerField()  # in the file, the headings are row 1
    cells = models.JSONField(default=list)
    reason = models.TextField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="a_row_is_refused_once")]

    def __str__(self) -> str:
        return f"{self.file_id}: {self.number}"


class HeaderSet(models.Model):
    """What a set of headings was last said to mean, so that nobody says it twice."""

    kind = models.CharField(max_length=10)
    digest = models.CharField(max_length=64)
    columns = models.JSONField(default=list)
    used_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "digest"], name="headings_are_remembered_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.digest[:8]}"


class ValueMeaning(models.Model):
    """Which status, source or colleague of ours a value of another system's export stands for."""

    field = models.CharField(max_length=20)
    folded = models.CharField(max_length=200)
    code = models.CharField(max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["field", "folded"], name="a_value_means_one_thing")]

    def __str__(self) -> str:
        return f"{self.field} {self.folded}"


class ExportFile(Errand):
    """A list that somebody took out: which, why, how many rows. The row is the journal's and stays; the file goes."""

    class What(models.TextChoices):
        LEADS = "leads", _("Leads")
        DEALS = "deals", _("Deals")
        CONTACTS = "contacts", _("Contacts")
        TASKS = "tasks", _("Tasks")

    class Format(models.TextChoices):
        XLSX = "xlsx", "XLSX"
        CSV = "csv", "CSV"

    what = models.CharField(_("list"), max_length=10, choices=What)
    query = models.TextField(_("filter"), blank=True)  # of the list's address
    format = models.CharField(_("format"), max_length=4, choices=Format, default=Format.XLSX)
    reason = models.CharField(_("what for"), max_length=300)
    stored = models.CharField(max_length=60, blank=True)
    expires_at = models.DateTimeField(_("kept until"), null=True, blank=True)
    taken_at = models.DateTimeField(_("downloaded"), null=True, blank=True)

    class Meta:
        verbose_name = _("exported file")
        verbose_name_plural = _("exported files")
        ordering = ["-asked_at", "-id"]
        indexes = [
            models.Index(fields=["by", "asked_at"], name="exports_of_a_person"),
            models.Index(fields=["expires_at"], condition=~Q(stored=""), name="exports_kept"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(what__in=["leads", "deals", "contacts", "tasks"]), name="export_list_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_what_display()} {self.asked_at:%d.%m.%Y %H:%M}"


class ExportPolicy(Singleton):
    """How much may be taken out. One row, edited in the admin; who may at all is said by the roles."""

    rows_a_day = models.PositiveIntegerField(
        _("rows a person may take out in 24 hours"), default=50_000, help_text=_("0: nobody takes anything out.")
    )
    files_an_hour = models.PositiveSmallIntegerField(_("files a person may take out in an hour"), default=5)
    hours_kept = models.PositiveSmallIntegerField(_("hours that a file is kept"), default=24)

    class Meta:
        verbose_name = _("limits of exports")
        verbose_name_plural = _("limits of exports")
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="export_policy_is_one_row"),
            models.CheckConstraint(condition=Q(hours_kept__lte=24), name="export_is_kept_a_day_at_most"),
        ]

    def __str__(self) -> str:
        return str(_("Limits of exports"))
