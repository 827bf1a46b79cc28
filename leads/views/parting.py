"""What is said to who was calling a client while the lead was handed over (`leads/parting.py`)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.templatetags.crm_format import moment
from leads.models import Lead
from leads.results import Outcomes, Result


def agreed(told: Outcomes, lead: Lead) -> str:
    """What a result of «Мой день» would have brought, in words for the colleague: «Перезвонить: завтра, 10:00»."""
    if told.at is None:
        return ""
    with timezone.override(lead.zone):
        return f"{Result(told.result).label}: {moment(told.at)}"


def say_parting(request: HttpRequest, lead: Lead) -> None:
    """«Лид передан: Денис Орлов. Звонок записан»."""
    said = _("The lead was handed over: %(name)s") % {"name": lead.responsible}
    kept = _("Your touch is saved, what was agreed is in its comment; the status has not been changed.")
    messages.warning(request, f"{said}. {kept}")
