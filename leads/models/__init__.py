"""The tables of leads. Everything that the database can keep true about them by itself is here."""

from leads.models.catalogues import DistributionPolicy, IntakePolicy, Office, TouchPolicy
from leads.models.lead import Lead, LeadQuerySet
from leads.models.touch import IdempotencyKey, Touch, TouchQuerySet

__all__ = [
    "DistributionPolicy",
    "IdempotencyKey",
    "IntakePolicy",
    "Lead",
    "LeadQuerySet",
    "Office",
    "Touch",
    "TouchPolicy",
    "TouchQuerySet",
]
