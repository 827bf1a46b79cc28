"""How somebody looks at the list of leads: saving a filter as a view, and choosing columns and what opens first."""

from __future__ import annotations

import json
from collections.abc import Iterable

from django.db.models import BigIntegerField, F, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Coalesce
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.errors import Forbidden, Invalid
from crm.text import clean
from crm.transactions import verb
from leads.listing import Leads, ListFilter
from leads.models import ListLook, SavedView
from team.models import User
from team.roles import Right, may

LONGEST_NAME = 40
MOST_VIEWS = 20  # of one person
SHOWN = 30
COLUMNS = {
    "status": gettext_lazy("Status"),
    "task": gettext_lazy("Next task"),
    "touches": gettext_lazy("Touches"),
    "debt": gettext_lazy("Debt"),
    "source": gettext_lazy("Source"),
    "city": gettext_lazy("City, time"),
    "created": gettext_lazy("Arrived"),
    "responsible": gettext_lazy("Owner"),
    "changed": gettext_lazy("In status since"),
    "meeting": gettext_lazy("Meeting"),
}
"""The columns beside the client, in their order; each is also what the list is sorted by."""
USUAL = tuple(COLUMNS)[:8]
_MORE_FILTERS = frozenset({"from", "to", "counted", "basis", "show"})


def read_looks(user: User) -> tuple[ListLook, list[SavedView]]:
    """Somebody's columns and first view, and the views they can open: their own, then what others share. One query."""
    names = ("sort", "ref", "title", "kept", "is_shared", "whose", "who")
    views = _openable(user).annotate(
        sort=Value("view"),
        ref=F("pk"),
        title=F("name"),
        kept=F("query"),
        is_shared=F("shared"),
        whose=F("owner"),
        who=F("owner__name"),
    )
    look = ListLook.objects.filter(user=user).annotate(
        sort=Value("look"),
        ref=Coalesce("default_view", Value(0), output_field=BigIntegerField()),
        title=Value(""),
        kept=Cast("columns", TextField()),
        is_shared=Value(value=False),
        whose=F("user"),
        who=Value(""),
    )
    mine, found = ListLook(user=user), list[SavedView]()
    rows = views.order_by().values_list(*names).union(look.order_by().values_list(*names), all=True)
    for sort, ref, title, kept, is_shared, whose, who in rows:
        if sort == "look":
            mine.columns, mine.default_view_id = json.loads(kept), ref or None
        else:
            found.append(SavedView(pk=ref, name=title, query=kept, shared=is_shared, owner=User(pk=whose, name=who)))
    found.sort(key=lambda view: (view.owner_id != user.pk, view.pk))
    return mine, found[:SHOWN]


def _openable(user: User) -> QuerySet[SavedView]:
    return SavedView.objects.filter(Q(owner=user) | Q(shared=True))


def first_view(look: ListLook, views: Iterable[SavedView]) -> SavedView | None:
    """The view with which the list opens; none if it is no longer shared."""
    return next((view for view in views if view.pk == look.default_view_id), None)


def columns_of(look: ListLook) -> list[str]:
    """The codes of the columns to be shown, in their order."""
    return [code for code in COLUMNS if code in look.columns] or list(USUAL)


def may_share(user: User) -> bool:
    """Shared views are everybody's, so managers keep them in order."""
    return may(user, Right.SEE_ALL)


def may_change(view: SavedView, user: User) -> bool:
    return view.owner_id == user.pk or (view.shared and may_share(user))


@verb
def save_view(name: str, query: str, *, shared: bool, by: User) -> SavedView:
    """Keep the filters of an address under a name. Raises Forbidden, Invalid (`name`, `query`)."""
    User.objects.select_for_update(no_key=True).get(pk=by.pk)  # two saved at once are counted one after the other
    if SavedView.objects.filter(owner=by).count() >= MOST_VIEWS:
        raise Invalid({"name": _("You have %(count)s views already. Delete one first.") % {"count": MOST_VIEWS}})
    view = SavedView(owner=by, query=_checked(query, by=by))
    return _store(view, name, shared=shared, by=by)


@verb
def change_view(view_id: int, name: str, *, shared: bool, query: str | None = None, by: User) -> SavedView:
    """Rename a view, share it or not, and let it find what `query` finds. Raises DoesNotExist, Forbidden, Invalid."""
    view = _changeable(view_id, by=by)
    if query is not None:
        view.query = _checked(query, by=by)
    return _store(view, name, shared=shared, by=by)


@verb
def delete_view(view_id: int, *, by: User) -> None:
    """Raises SavedView.DoesNotExist, Forbidden."""
    _changeable(view_id, by=by).delete()


@verb
def open_with(view_id: int | None, *, by: User) -> ListLook:
    """Let the list open with a view that this person can open, or with the usual one. Raises DoesNotExist."""
    view = _openable(by).get(pk=view_id) if view_id is not None else None
    return ListLook.objects.update_or_create(user=by, defaults={"default_view": view})[0]


@verb
def choose_columns(codes: Iterable[str], *, by: User) -> ListLook:
    """Show these columns, in the order of COLUMNS; none of them: the usual ones."""
    wanted = set(codes)
    kept = [code for code in COLUMNS if code in wanted]
    return ListLook.objects.update_or_create(user=by, defaults={"columns": kept})[0]


def _changeable(view_id: int, *, by: User) -> SavedView:
    """A view, locked."""
    view = _openable(by).select_for_update().get(pk=view_id)
    if not may_change(view, by):
        raise Forbidden(_("This view is changed by who saved it."))
    return view


def _store(view: SavedView, name: str, *, shared: bool, by: User) -> SavedView:
    if shared and not view.shared and not may_share(by):
        raise Forbidden(_("Views are shared by the head of the call centre."))
    view.name, view.shared = clean(name), shared
    if not view.name:
        raise Invalid({"name": _("Give the view a name")})
    if len(view.name) > LONGEST_NAME:
        raise Invalid({"name": _("At most %(count)s characters") % {"count": LONGEST_NAME}})
    if SavedView.objects.filter(owner=view.owner_id, name=view.name).exclude(pk=view.pk).exists():
        raise Invalid({"name": _("There is such a view already")})
    view.save()
    return view


def _checked(query: str, *, by: User) -> str:
    """The filters of an address in one spelling, each known and meaning something."""
    given = QueryDict(clean(query)[:4000], mutable=True)
    for name in list(given):
        if name not in ListFilter.base_filters and name not in _MORE_FILTERS:
            del given[name]
    leads = Leads.of(given, by=by)
    if leads.errors:
        raise Invalid({"query": list(leads.errors.values())})
    return leads.filters
