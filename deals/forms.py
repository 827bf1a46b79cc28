"""What people type about deals: the filters of the list and the board, the contract, who carries it on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.db.models import Count, Q
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from contacts.forms import whose
from crm.form_fields import Day, Roubles, Text
from crm.text import clean, search_words
from deals.models import Deal, DealQuerySet, Stage
from sources.models import Source
from team.models import User
from team.roles import RIGHTS, Right, may

SORTS = {
    "number": "pk",
    "client": "contact__name",
    "amount": "amount",
    "contract": "contract_date",
    "stage": "stage_changed_at",
    "created": "created_at",
}
DEFAULT_SORT = "-created"
ME, NOBODY = "me", "none"


class DealFilters(forms.Form):
    """The filters of the address. Choices cost three queries, whatever is chosen."""

    view = forms.ChoiceField(choices=[("list", ""), ("board", "")], required=False)
    stage = forms.ChoiceField(label=_("Stage"), required=False)
    owner = forms.ChoiceField(label=_("Lawyer"), required=False)
    source = forms.ChoiceField(label=_("Source"), required=False)
    q = forms.CharField(label=_("Client or phone"), required=False, max_length=200)
    contract = forms.CharField(label=_("Contract number"), required=False, max_length=50)
    sort = forms.ChoiceField(required=False, choices=[(f"{sign}{key}", "") for key in SORTS for sign in ("", "-")])

    def __init__(self, given: Mapping[str, str], *, user: User) -> None:
        super().__init__(given)
        self.user = user
        self.stages = list(Stage.objects.all())
        self.people = deal_workers() if may(user, Right.SEE_ALL) else []
        self._choices("stage", _t("All stages"), [(stage.code, str(stage)) for stage in self.stages])
        people = [(str(person.pk), str(person)) for person in self.people]
        self._choices("owner", _t("All lawyers"), [(ME, _t("Mine")), (NOBODY, _t("Nobody's")), *people])
        sources = [(source.code, str(source)) for source in Source.objects.filter(merged_into__isnull=True)]
        self._choices("source", _t("All sources"), sources)

    def _choices(self, name: str, nothing: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", nothing), *choices]

    def clean_q(self) -> str:
        try:
            search_words(self.cleaned_data["q"])
        except ValueError as error:
            raise forms.ValidationError(error.args[0]) from error
        return str(self.cleaned_data["q"])

    def narrow(self, deals: DealQuerySet) -> DealQuerySet:
        """The deals that the valid filters ask for, in the order of the address. A wrong filter asks for nothing."""
        wish = self.cleaned_data
        if wish.get("stage"):
            deals = deals.filter(stage__code=wish["stage"])
        match wish.get("owner"):
            case "me":
                deals = deals.filter(responsible=self.user)
            case "none":
                deals = deals.filter(responsible__isnull=True)
            case str(person) if person:
                deals = deals.filter(responsible_id=int(person))
        if wish.get("source"):
            deals = deals.filter(source__code=wish["source"])
        if number := clean(wish.get("contract", "")):
            deals = deals.filter(contract_number__icontains=number)
        if query := wish.get("q", ""):
            deals = deals.filter(whose(query, "contact__"))
        key = wish.get("sort") or DEFAULT_SORT
        column = SORTS[key.removeprefix("-")]
        descending = key.startswith("-")
        return deals.order_by(f"-{column}" if descending else column, "-pk" if descending else "pk")

    @property
    def chosen(self) -> bool:
        """Is anything but the view and the order asked for?"""
        return any(self.cleaned_data.get(name) for name in ("stage", "owner", "source", "q", "contract"))


def deal_workers() -> list[User]:
    """Active colleagues who may carry a deal, lawyers first, each with the number of open deals as `load`."""
    people = User.objects.filter(is_active=True, role__in=RIGHTS[Right.WORK_DEALS])
    loaded = people.annotate(load=Count("deals", filter=Q(deals__stage__final=False)))
    return sorted(loaded, key=lambda person: (person.role != "lawyer", person.name))


class DealForm(forms.Form):
    """The contract block of a deal. What the sums may be is said by the verb."""

    contract_number = Text(label=_("Contract number"), max_length=50, required=False)
    contract_date = Day(label=_("Contract date"), required=False)
    amount = Roubles(label=_("Price, ₽"), error_messages={"required": _("Enter the price in whole roubles")})
    prepayment = Roubles(label=_("Prepayment, ₽"), required=False)
    comment = Text(label=_("Comment"), max_length=10_000, rows=3, required=False)

    def clean_prepayment(self) -> Any:
        return self.cleaned_data["prepayment"] or 0

    @classmethod
    def of(cls, deal: Deal, given: Mapping[str, str] | None = None) -> DealForm:
        """Filled with what the deal says; with `given`, bound to what was typed."""
        return cls(given, initial={name: getattr(deal, name) for name in cls.base_fields})


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
