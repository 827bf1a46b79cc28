"""What people type about deals: the contract, the debts, the court, the documents, who carries a deal on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django import forms
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from crm.form_fields import Day, Moment, Roubles, Text
from deals.models import MOST_CREDITORS, Deal, DealDocument
from team.models import User
from team.roles import RIGHTS, Right


def deal_workers() -> list[User]:
    """Active colleagues who may carry a deal, lawyers first, each with the number of open deals as `load`."""
    people = User.objects.filter(is_active=True, role__in=RIGHTS[Right.WORK_DEALS])
    loaded = people.annotate(load=models.Count("deals", filter=Q(deals__stage__final=False)))
    return sorted(loaded, key=lambda person: (person.role != "lawyer", person.name))


class Creditors(forms.IntegerField):
    """How many creditors of a kind there are."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, max_value=MOST_CREDITORS, **options)


class DealForm(forms.Form):
    """Fields of a deal: those of one block of its card, or one in its place. What sums may be is said by the verb."""

    contract_number = Text(label=_("Contract number"), max_length=50, required=False)
    contract_date = Day(label=_("Contract date"), required=False)
    amount = Roubles(label=_("Price, ₽"), error_messages={"required": _("Enter the price in whole roubles")})
    prepayment = Roubles(label=_("Prepayment, ₽"), required=False)
    comment = Text(label=_("Comment"), max_length=10_000, rows=3, required=False)
    paid_later = Roubles(label=_("Paid after the prepayment, ₽"), required=False)
    next_payment = Roubles(label=_("Next payment, ₽"), required=False)
    next_payment_on = Day(label=_("Next payment is due"), required=False)
    debt_total = Roubles(label=_("Debts in all, ₽"), required=False)
    banks_count = Creditors(label=_("Banks"), required=False)
    banks_debt = Roubles(label=_("Owed to banks, ₽"), required=False)
    lenders_count = Creditors(label=_("Microlenders"), required=False)
    lenders_debt = Roubles(label=_("Owed to microlenders, ₽"), required=False)
    belongings = Text(label=_("Property"), max_length=300, required=False)
    court = Text(label=_("Court"), max_length=200, required=False)
    case_number = Text(label=_("Case number"), max_length=50, required=False)
    filing_due = Day(label=_("To be filed by"), required=False)
    filed_on = Day(label=_("Filed"), required=False)
    hearing_1_at = Moment(label=_("Hearing 1"), required=False)
    hearing_2_at = Moment(label=_("Hearing 2"), required=False)
    court_manager = Text(label=_("Insolvency manager"), max_length=200, required=False)
    decision = Text(label=_("Decision"), max_length=300, required=False)
    decided_on = Day(label=_("Date of the decision"), required=False)

    def __init__(self, given: Mapping[str, str] | None = None, *, deal: Deal, only: Collection[str]) -> None:
        """Filled with what the deal says; with `given`, bound to what was typed. `only` names the fields."""
        super().__init__(given, initial={name: getattr(deal, name) for name in only})
        for name in set(self.fields) - set(only):
            del self.fields[name]
        self.order_fields(list(only))

    def clean(self) -> dict[str, Any]:
        """A sum that a deal always has is zero when nothing is typed."""
        typed = self.cleaned_data
        return typed | {name: typed[name] or 0 for name in ("prepayment", "paid_later") if name in typed}

    def told(self) -> dict[str, Any]:
        """What was sent: a form that comes without a field says nothing of it."""
        return {name: value for name, value in self.cleaned_data.items() if name in self.data}


class DocumentForm(forms.Form):
    """How far one document is, and what there is to know of it."""

    state = forms.ChoiceField(
        label=_("State"),
        widget=forms.RadioSelect,
        choices=DealDocument.State.choices,
        error_messages={"required": _("Choose a state"), "invalid_choice": _("Choose a state")},
    )
    words = Text(
        label=_("Note"), max_length=200, required=False, help_text=_("For example: 3 of 5, ordered on 20 November")
    )


class HandOverForm(forms.Form):
    """To whom a deal goes."""

    responsible = forms.ChoiceField(label=_("Lawyer"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, people: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["responsible"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(person.pk), f"{person} · {_load(person)}") for person in people]


def _load(person: Any) -> str:
    return _t("open deals: %(count)d") % {"count": person.load}
