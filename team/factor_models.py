"""What is kept of somebody's second factor: the sealed secret of their app and digests of their recovery codes."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm import clock


class SecondFactor(models.Model):
    """An app of somebody that counts codes. One that is not confirmed is being set up and guards nothing.

    What ended stays on record, without its secret: who had one until when, and who ended it.
    """

    user = models.ForeignKey(
        "team.User", on_delete=models.PROTECT, related_name="second_factors", verbose_name=_("colleague")
    )
    sealed = models.TextField(blank=True, editable=False)  # team/sealing.py
    last_step = models.BigIntegerField(default=0, editable=False)  # of 30 seconds; a code opens once
    wrong = models.PositiveSmallIntegerField(default=0, editable=False)  # codes in a row
    closed_until = models.DateTimeField(null=True, editable=False)
    made_at = models.DateTimeField(default=clock.now, editable=False)
    confirmed_at = models.DateTimeField(_("set up"), null=True, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)
    ended_by = models.ForeignKey(
        "team.User", on_delete=models.PROTECT, null=True, related_name="+", editable=False, verbose_name=_("ended by")
    )

    class Meta:
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")
        ordering = ["-made_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(ended_at__isnull=True), name="one_living_second_factor"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(sealed=""), name="ended_second_factor_has_no_secret"
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)


class RecoveryCode(models.Model):
    """A code that opens once, for who has lost their app. Only its digest is kept."""

    factor = models.ForeignKey(SecondFactor, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")

    def __str__(self) -> str:
        return f"{self.factor_id}: {self.used_at or '-'}"
