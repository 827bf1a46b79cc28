"""The catalogue of advertising sources; mandatory on every lead and deal (customer's text)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.text import fold
from team.models import User

UNKNOWN = "unknown"
FOLDED_LENGTH = 200  # of an alias


class Source(models.Model):
    """Where a client came from. In use it can be switched off or merged into another, never deleted."""

    code = models.SlugField(_("code"), max_length=50, unique=True)
    name = models.CharField(_("name"), max_length=100)
    channel = models.CharField(
        _("channel"), max_length=50, blank=True, help_text=_("Kind of advertising, for reports.")
    )
    active = models.BooleanField(_("active"), default=True)
    position = models.PositiveSmallIntegerField(_("order"), default=100)
    operators = models.ManyToManyField(
        User,
        blank=True,
        related_name="+",
        verbose_name=_("operators"),
        help_text=_("Leads of this source go to them only. Empty: to everybody on line."),
    )
    bitrix24_id = models.CharField(_("Bitrix24 id"), max_length=50, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="merged_from"
    )

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(merged_into=models.F("pk")), name="source_is_not_merged_into_itself"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SourceAlias(models.Model):
    """Another spelling under which `utm_source`, a form or a partner names a source; compared folded."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="aliases", verbose_name=_("source"))
    value = models.CharField(_("value"), max_length=100)
    folded = models.CharField(max_length=FOLDED_LENGTH, unique=True, editable=False)

    class Meta:
        verbose_name = _("alias")
        verbose_name_plural = _("aliases")
        ordering = ["value"]

    def __str__(self) -> str:
        return self.value

    def save(self, *args: object, **kwargs: object) -> None:
        self.folded = fold(self.value)
        super().save(*args, **kwargs)  # type: ignore[arg-type]


class SourceSpend(models.Model):
    """What the firm paid for a source in a calendar month; reports divide it by what the source brought."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="spends", verbose_name=_("source"))
    year = models.PositiveSmallIntegerField(_("year"))
    month = models.PositiveSmallIntegerField(_("month"))
    amount = models.DecimalField(_("spent, ₽"), max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = _("spend on a source")
        verbose_name_plural = _("spends on sources")
        ordering = ["-year", "-month", "source"]
        constraints = [
            models.UniqueConstraint(fields=["source", "year", "month"], name="one_spend_per_source_and_month"),
            models.CheckConstraint(
                condition=models.Q(month__range=(1, 12), year__range=(2000, 2199)), name="spend_is_of_a_month"
            ),
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="spend_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.month:02d}.{self.year}"
