"""Changes of the source catalogue that reach beyond one row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F
from django.utils.translation import gettext as _

from crm import clock
from crm.errors import Forbidden, Invalid
from crm.text import clean, fold
from crm.transactions import verb
from history.actions import note
from history.models import Event
from outbox.actions import mark, mark_all
from sources.lookup import SourceLookup
from sources.models import FOLDED_LENGTH, UNKNOWN, Source, SourceAlias, SourceSpend
from team.models import User
from team.roles import Right, Role, may

FIELDS = ("name", "channel", "active", "position", "bitrix24_id")
_CHUNK = 2000


def _require_admin(by: User | None) -> None:
    if not may(by, Right.ADMINISTER):
        raise Forbidden(_("The source catalogue is edited by an administrator."))


@verb
def set_active(source_id: int, active: bool, *, by: User | None) -> Source:  # noqa: FBT001
    """Switch a source on or off. Off, it is no longer offered, but leads that name it still find it.

    Raises Invalid for switching off the source of last resort, or on one that has been merged.
    """
    _require_admin(by)
    source = Source.objects.select_for_update(no_key=True).get(pk=source_id)
    if source.merged_into_id is not None and active:
        raise Invalid({"active": _("This source has been merged into another one and stays off.")})
    if source.code == UNKNOWN and not active:
        raise Invalid({"active": _("“%(name)s” takes in what nobody recognises and stays on.") % {"name": source.name}})
    source.active = active
    source.save(update_fields=["active"])
    mark("source", source.pk)
    return source


@verb
def write_source(code: str, fields: Mapping[str, Any], *, by: User | None) -> tuple[Source, bool]:
    """Add the source `code`, or change fields of FIELDS (typed values; an `active` goes by `set_active`'s rule).

    Returns it and whether it is new. Raises Forbidden, Invalid by field.
    """
    _require_admin(by)
    code = clean(code)
    source = Source.objects.select_for_update(no_key=True).filter(code=code).first() if code else None
    is_new = source is None
    if source is None:
        source = Source(code=code)
    for name in FIELDS:
        if name in fields:
            setattr(source, name, fields[name])
    if source.code == UNKNOWN and not source.active:
        raise Invalid({"active": _("“%(name)s” takes in what nobody recognises and stays on.") % {"name": source.name}})
    if source.merged_into_id is not None and source.active:
        raise Invalid({"active": _("This source has been merged into another one and stays off.")})
    try:
        source.full_clean()
    except ValidationError as error:
        raise Invalid(error.message_dict) from error
    lookup = SourceLookup.read()
    for name in ("code", "name"):
        named = lookup.find(getattr(source, name))
        if named is not None and named.pk not in (source.pk, source.merged_into_id):
            said = _("“%(value)s” already names “%(source)s”.")
            raise Invalid({name: said % {"value": getattr(source, name), "source": named.name}})
    source.save()
    mark("source", source.pk)
    return source, is_new


@verb
def set_operators(source_id: int, operator_ids: Sequence[int], *, by: User | None) -> None:
    """Let only these operators get the leads of a source from now on; none of them means everybody on line.

    Raises Forbidden, Invalid for somebody who is no operator.
    """
    _require_admin(by)
    source = Source.objects.select_for_update(no_key=True).get(pk=source_id)
    operators = User.objects.filter(pk__in=operator_ids, role=Role.OPERATOR)
    if operators.count() != len(set(operator_ids)):
        raise Invalid({"operators": _("Leads are handed out to operators only.")})
    source.operators.set(operators)


@verb
def add_alias(source_id: int, value: str, *, by: User | None) -> SourceAlias:
    """Let `value` name this source from now on. Raises Invalid if it names another one already."""
    _require_admin(by)
    value = clean(value, limit=100)
    if not value:
        raise Invalid({"value": _("An alias cannot be empty.")})
    if len(fold(value)) > FOLDED_LENGTH:  # one ligature may unfold to 18 letters
        raise Invalid({"value": _("This is too long.")})
    named = SourceLookup.read().find(value)
    if named is not None and named.pk != source_id:
        raise Invalid({"value": _("“%(value)s” already names “%(source)s”.") % {"value": value, "source": named.name}})
    alias = SourceAlias.objects.filter(folded=fold(value)).first()
    return alias or SourceAlias.objects.create(source_id=source_id, value=value)


@verb
def merge(source_id: int, into_id: int, *, by: User | None) -> int:
    """Merge a source into another: everything that carries it carries `into_id`, its code and aliases name that one.

    Returns how many rows changed their source. Works over the model's reverse relations, so it need not know what
    they are; a row with a `version` counts it up, and each is marked for the outside. The merged source stays, off.
    Raises Source.DoesNotExist, Invalid for a source merged into itself or the source of last resort.
    """
    _require_admin(by)
    if source_id == into_id:
        raise Invalid({"into": _("A source cannot be merged into itself.")})
    # The full lock waits for rows that are getting this source now, and lets no further one get it (`read_and_hold`);
    # the other one only must not be merged itself meanwhile.
    rows: dict[int, Source] = {}
    for pk in sorted((source_id, into_id)):
        rows[pk] = Source.objects.select_for_update(no_key=pk == into_id).get(pk=pk)
    source, into = rows[source_id], rows[into_id]
    if source.code == UNKNOWN:
        raise Invalid({"source": _("“%(name)s” takes in what nobody recognises and stays on.") % {"name": source.name}})
    if into.merged_into_id is not None:
        raise Invalid({"into": _("“%(name)s” has itself been merged. Choose another one.") % {"name": into.name}})
    source.active, source.merged_into = False, into
    source.save(update_fields=["active", "merged_into"])
    SourceAlias.objects.filter(source=source).update(source=into)
    Source.objects.filter(merged_into=source).update(merged_into=into)
    _join_spends(source, into)
    changed = 0
    # A deal takes over its lead's source, perhaps while the leads are being repointed; so until none is left.
    while moved := _repoint_all(source, into):
        changed += moved
    note(Event.Kind.SOURCE_MERGED, at=clock.now(), by=by, old=source.code, new=into.code, rows=changed)
    mark_all([("source", source.pk), ("source", into.pk)])
    return changed


def _join_spends(source: Source, into: Source) -> None:
    """What was spent on the merged source in a month adds to what was spent on the other one."""
    for spend in SourceSpend.objects.select_for_update().filter(source=source):
        same_month = SourceSpend.objects.filter(source=into, year=spend.year, month=spend.month)
        if same_month.update(amount=F("amount") + spend.amount):
            spend.delete()
        else:
            SourceSpend.objects.filter(pk=spend.pk).update(source=into)


def _repoint_all(source: Source, into: Source) -> int:
    return sum(
        _repoint(relation.related_model, relation.field.name, source, into)
        for relation in Source._meta.related_objects
        if relation.related_model not in (Source, SourceAlias, SourceSpend)
        and not isinstance(relation.related_model, str)
    )


def _repoint(model: type[models.Model], field: str, source: Source, into: Source) -> int:
    """Move the rows of one model from one source to the other, in portions that keep locks and statements short."""
    names = {f.name for f in model._meta.get_fields()}
    changes: dict[str, object] = {field: into}
    if "version" in names:
        changes["version"] = F("version") + 1
    rows = model._default_manager.filter(**{field: source}).order_by("pk")
    moved = 0
    while ids := list(rows.values_list("pk", flat=True)[:_CHUNK]):
        model._default_manager.filter(pk__in=ids).update(**changes)
        mark_all((model._meta.model_name or "", pk) for pk in ids)
        moved += len(ids)
    return moved
