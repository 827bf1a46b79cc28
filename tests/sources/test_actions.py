"""The catalogue's verbs: a source is switched off or merged with all that carries it, never deleted; aliases."""

from collections import Counter

import pytest
from django.db.models import ProtectedError

from crm.errors import Forbidden, Invalid
from deals.models import Deal
from history.models import Event
from leads.models import Lead
from outbox.models import Mark
from sources import actions
from sources.actions import add_alias, merge, set_active
from sources.models import Source, SourceAlias, SourceSpend
from tests.factories import AdminFactory, LawyerFactory, ManagerFactory, SourceFactory, deal, lead, lead_in, move
from tests.promises import broken

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


def source(code: str) -> Source:
    return Source.objects.get(code=code)


# --- merging ---------------------------------------------------------------------------------------------------------
def test_merging_takes_leads_deals_and_aliases_along(frozen) -> None:
    admin, old, new = AdminFactory(), source("vk_ads"), source("site")
    signed = deal()
    Deal.objects.filter(pk=signed.pk).update(source=old)
    Lead.objects.filter(pk=signed.lead_id).update(source=old)
    rows = [lead(source="vk"), lead(source="vk_ads"), lead(source="quiz")]
    Mark.objects.update(pending=False)
    assert merge(old.pk, new.pk, by=admin) == 4
    old.refresh_from_db()
    assert (old.active, old.merged_into) == (False, new)
    assert Counter(Lead.objects.values_list("source__code", flat=True)) == {"site": 3, "quiz": 1}
    after = Deal.objects.get()
    assert (after.source, after.version) == (new, signed.version + 1)
    assert Lead.objects.get(pk=rows[0].pk).version == rows[0].version + 1
    assert Lead.objects.get(pk=rows[2].pk).version == rows[2].version
    assert set(Mark.objects.filter(pending=True).values_list("kind", "object_id")) == {
        ("source", old.pk),
        ("source", new.pk),
        ("deal", signed.pk),
        ("lead", signed.lead_id),
        ("lead", rows[0].pk),
        ("lead", rows[1].pk),
    }
    assert SourceAlias.objects.get(value="vk").source == new
    told = Event.objects.get(kind=Event.Kind.SOURCE_MERGED)
    assert (told.old, told.new, told.by, told.data) == ("vk_ads", "site", admin, {"rows": 4})
    for spelling in ("vk", "vk_ads", "VK Реклама"):
        assert lead(source=spelling).source == new
    assert broken().keys() <= {"changes_the_outside_is_not_told_of"}  # what was told before the merging


def test_merging_goes_in_portions_and_misses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "_CHUNK", 3)
    for _ in range(8):
        lead(source="quiz")
    assert merge(source("quiz").pk, source("site").pk, by=AdminFactory()) == 8
    assert not source("quiz").leads.exists()


def test_every_table_that_carries_a_source_is_merged() -> None:
    """A new relation to the catalogue is found by itself; this test says which there are today."""
    carriers = {relation.related_model for relation in Source._meta.related_objects}
    assert carriers == {Lead, Deal, Source, SourceAlias, SourceSpend}


def test_what_was_spent_on_both_in_a_month_is_added_up() -> None:
    old, new = source("vk_ads"), source("site")
    for whose, month, amount in ((old, 10, 100), (old, 11, 20), (new, 11, 3)):
        SourceSpend.objects.create(source=whose, year=2026, month=month, amount=amount)
    assert merge(old.pk, new.pk, by=AdminFactory()) == 0
    rows = SourceSpend.objects.order_by("month").values_list("source", "month", "amount")
    assert [*rows] == [(new.pk, 10, 100), (new.pk, 11, 23)]


def test_there_are_no_chains_of_merged_sources() -> None:
    admin = AdminFactory()
    first, second, third = SourceFactory(), SourceFactory(), SourceFactory()
    merge(first.pk, second.pk, by=admin)
    with pytest.raises(Invalid) as invalid:
        merge(third.pk, first.pk, by=admin)
    assert list(invalid.value.fields) == ["into"]
    merge(second.pk, third.pk, by=admin)
    assert {source(first.code).merged_into, source(second.code).merged_into} == {third}


@pytest.mark.parametrize(("which", "field"), [("itself", "into"), ("unknown", "source")])
def test_what_cannot_be_merged(which: str, field: str) -> None:
    site = source("site")
    old = site if which == "itself" else source("unknown")
    with pytest.raises(Invalid) as invalid:
        merge(old.pk, site.pk, by=AdminFactory())
    assert list(invalid.value.fields) == [field]


def test_merging_a_source_that_is_not_there() -> None:
    for pair in ((10**9, source("site").pk), (source("site").pk, 10**9)):
        with pytest.raises(Source.DoesNotExist):
            merge(*pair, by=AdminFactory())
    assert source("site").active


# --- switching off, deleting -----------------------------------------------------------------------------------------
def test_a_source_switched_off_still_takes_leads_in() -> None:
    admin = AdminFactory()
    set_active(source("quiz").pk, active=False, by=admin)
    assert not source("quiz").active
    assert lead(source="quiz").source == source("quiz")
    set_active(source("quiz").pk, active=True, by=admin)
    assert source("quiz").active


def test_the_source_of_last_resort_stays_on() -> None:
    with pytest.raises(Invalid):
        set_active(source("unknown").pk, active=False, by=AdminFactory())
    assert source("unknown").active


def test_a_source_in_use_is_not_deleted() -> None:
    row = move(lead_in("visit", source="quiz"), "contract")
    with pytest.raises(ProtectedError):
        row.source.delete()


# --- aliases ---------------------------------------------------------------------------------------------------------
def test_an_alias_names_its_source_from_now_on() -> None:
    admin, radio = AdminFactory(), SourceFactory(name="Радио")
    assert lead(source="Radio FM").source.code == "unknown"
    alias = add_alias(radio.pk, "  radio\tfm ", by=admin)
    assert (alias.value, alias.folded) == ("radio fm", "radio fm")
    assert lead(source="RADIO FM").source == radio
    assert add_alias(radio.pk, "Radio fm", by=admin) == alias, "the same again is no second one"


@pytest.mark.parametrize("value", ["", "  ", "\x00", "yandex", "SITE", "Сайт", "ﷺ" * 12])
def test_an_alias_that_is_empty_too_long_or_names_another_is_refused(value: str) -> None:
    with pytest.raises(Invalid) as invalid:
        add_alias(SourceFactory().pk, value, by=AdminFactory())
    assert list(invalid.value.fields) == ["value"]


def test_the_catalogue_is_an_administrators() -> None:
    site, quiz = source("site"), source("quiz")
    for who in (ManagerFactory(), LawyerFactory(), AdminFactory(is_active=False)):
        for attempt in (
            lambda w=who: merge(quiz.pk, site.pk, by=w),
            lambda w=who: set_active(quiz.pk, active=False, by=w),
            lambda w=who: add_alias(quiz.pk, "викторина", by=w),
        ):
            with pytest.raises(Forbidden):
                attempt()
