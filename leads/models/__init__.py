"""The tables of leads. Everything that the database can keep true about them by itself is here."""

from leads.models.bulk import BulkAction, BulkLead
from leads.models.catalogues import CallScript, DayPlan, DistributionPolicy, IntakePolicy, Office, TouchPolicy
from leads.models.doors import Call, Exchange, FormPost, LandingForm
from leads.models.files import ExportFile, ExportPolicy, HeaderSet, ImportFile, RefusedRow, ValueMeaning
from leads.models.lead import Lead, LeadQuerySet
from leads.models.looks import ListLook, SavedView
from leads.models.touch import IdempotencyKey, Touch, TouchQuerySet
from leads.models.trace import Trace

__all__ = [
    "BulkAction",
    "BulkLead",
    "Call",
    "CallScript",
    "DayPlan",
    "DistributionPolicy",
    "Exchange",
    "ExportFile",
    "ExportPolicy",
    "FormPost",
    "HeaderSet",
    "IdempotencyKey",
    "ImportFile",
    "IntakePolicy",
    "LandingForm",
    "Lead",
    "LeadQuerySet",
    "ListLook",
    "Office",
    "RefusedRow",
    "SavedView",
    "Touch",
    "TouchPolicy",
    "TouchQuerySet",
    "Trace",
    "ValueMeaning",
]
