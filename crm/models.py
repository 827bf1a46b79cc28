"""The product's own record of its upkeep. What the business knows lies in the apps below."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm import clock


class Backup(models.Model):
    """A backup that was made and read back. Any node sees here how old the newest one is (`reliability.md` L04)."""

    made_at = models.DateTimeField(_("made"), default=clock.now, db_index=True)
    size = models.PositiveBigIntegerField(_("bytes"), null=True)  # unknown where another program made it

    class Meta:
        verbose_name = _("backup")
        verbose_name_plural = _("backups")
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d %H:%M}"
