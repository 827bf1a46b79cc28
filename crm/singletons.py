"""A base for settings that the customer tunes in the admin and that exist as exactly one row."""

from __future__ import annotations

from typing import Self

from django.db import models


class Singleton(models.Model):
    """One row, id 1. Defaults of the fields are what is shipped, so a missing row means "as shipped"."""

    class Meta:
        abstract = True

    @classmethod
    def current(cls) -> Self:
        """The row as it stands, or the shipped defaults if nobody has saved it yet. One query."""
        return cls._default_manager.filter(pk=1).first() or cls(pk=1)
