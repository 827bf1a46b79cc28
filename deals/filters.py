"""The filters of the deals' list and board, all of which are in the address, and the ready views above them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from contacts.forms import whose
from crm import clock
from crm.form_fields import Day
from crm.text import clean, search_words
from deals.forms import deal_workers
from deals.models import SOON, Deal, DealQuerySet, Stage
from sources.models import Source
from team.models import User
from team.roles import Right, may

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
HEARING, FILING = "hearing", "filing"
DUE = {HEARING: _("In court this week"), FILING: _("Filing is due")}
"""Values of `due`: a hearing in the week ahead; the term of filing is in it, or has passed."""
NARROWING = ("stage", "owner", "source", "court", "due", "signed_from", "signed_to", "q", "contract")
COURTS = 100  # offered to choose from


class DealFilters(forms.Form):
    """The filters of the address. Choices cost four queries, whatever is chosen."""

    view = forms.ChoiceField(choices=[("list", ""), ("board", ""), ("cards", "")], required=False)
    stage = forms.ChoiceField(label=_("Stage"), required=False)
    owner = forms.ChoiceField(label=_("Lawyer"), required=False)
    source = forms.ChoiceField(label=_("Source"), required=False)
    court = forms.ChoiceField(label=_("Court"), required=False)
    due = forms.ChoiceField(
        label=_("Term"),
        required=False,
        choices=[("", ""), *DUE.items()],
    )
    signed_from = Day(label=_("Signed from"), required=False)
    signed_to = Day(label=_("Signed until"), required=False)
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
        named = Deal.objects.visible_to(user).exclude(court="").order_by("court")
        courts = named.values_list("court", flat=True).distinct()[:COURTS]
        self._choices("court", _t("All courts"), [(court, court) for court in courts])

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
        if wish.get("court"):
            deals = deals.filter(court=wish["court"])
        if wish.get("due"):
            deals = is_due(deals, wish["due"])
        if first := wish.get("signed_from"):
            deals = deals.filter(contract_date__gte=first)
        if last := wish.get("signed_to"):
            deals = deals.filter(contract_date__lte=last)
        if number := clean(wish.get("contract", "")):
            deals = deals.filter(contract_number__icontains=number)
        if query := wish.get("q", ""):
            deals = deals.filter(whose(query, "contact__"))
        key = wish.get("sort") or DEFAULT_SORT
        column = SORTS[key.removeprefix("-")]
        descending = key.startswith("-")
        return deals.order_by(f"-{column}" if descending else column, "-pk" if descending else "pk")

    @property
    def chosen(self) -> dict[str, str]:
        """What is asked for besides the look and the order, as the address says it."""
        return {name: self.data[name] for name in NARROWING if self.cleaned_data.get(name)}


def is_due(deals: DealQuerySet, what: str) -> DealQuerySet:
    """Those in court in the week ahead (HEARING), or to be filed by its end (FILING)."""
    today = timezone.localtime(clock.now()).date()
    return deals.in_court(today, SOON) if what == HEARING else deals.to_be_filed(today + SOON)


def tabs(form: DealFilters, view: str) -> list[dict[str, Any]]:
    """The ready views with how many deals are in each (`ux.md` 6.8). One query.

    For who sees only their own deals, all of them and «Мои» are the same.
    """
    visible = Deal.objects.visible_to(form.user)
    sees_all = may(form.user, Right.SEE_ALL)
    views = [
        (_t("Mine"), {"owner": ME}, visible.filter(responsible=form.user), ""),
        (DUE[HEARING], {"due": HEARING}, is_due(visible, HEARING), ""),
        (DUE[FILING], {"due": FILING}, is_due(visible, FILING), "danger"),
    ]
    counted = {f"in_{place}": Count("pk", filter=Q(pk__in=row[2].values("pk"))) for place, row in enumerate(views)}
    counts = visible.aggregate(**counted)
    shown = [
        {
            "label": label,
            "url": f"?{urlencode({'view': view, **params})}",
            "current": form.chosen == params or (not sees_all and form.chosen == {} and params == {"owner": ME}),
            "count": counts[f"in_{place}"],
            "tone": tone,
        }
        for place, (label, params, _deals, tone) in enumerate(views)
    ]
    if sees_all:
        shown.insert(0, {"label": _t("All"), "url": f"?{urlencode({'view': view})}", "current": form.chosen == {}})
    return shown
