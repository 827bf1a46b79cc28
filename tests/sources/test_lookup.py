"""From what a form or a landing page calls a source to the catalogue's row."""

import pytest

from sources.actions import merge
from sources.lookup import SourceLookup
from sources.models import Source, SourceAlias
from tests.factories import AdminFactory, SourceFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("site", "site"),
        (" SITE\t", "site"),
        ("Сайт", "site"),
        ("yandex", "yandex_direct"),
        ("Yandex", "yandex_direct"),
        ("яндекс.директ", "yandex_direct"),
        ("vk", "vk_ads"),
        ("ｖｋ", "vk_ads"),  # full width, as some keyboards type it
        ("VK  реклама", "vk_ads"),
        ("Партнер", "partner"),  # ё or е
        ("Не определен", "unknown"),
        ("radio", None),
        ("", None),
        ("  ", None),
        ("site\x00", None),
    ],
)
def test_every_spelling(raw: str, code: str | None, catalogues: None) -> None:
    found = SourceLookup.read().find(raw)
    assert (found.code if found else None) == code


def test_codes_go_before_aliases_and_aliases_before_names() -> None:
    coded, aliased, named = SourceFactory(code="radio"), SourceFactory(), SourceFactory(name="Radio")
    SourceAlias.objects.create(source=aliased, value="RADIO")
    assert SourceLookup.read().find("radio") == coded
    coded.delete()
    assert SourceLookup.read().find("radio") == aliased
    SourceAlias.objects.all().delete()
    assert SourceLookup.read().find("radio") == named


def test_what_is_switched_off_is_still_recognised() -> None:
    source = SourceFactory(code="radio", active=False)
    assert SourceLookup.read().find("radio") == source


def test_what_was_merged_leads_to_where_it_went() -> None:
    admin = AdminFactory()
    first, second, third = (SourceFactory(code=code, name=code.upper()) for code in ("one", "two", "three"))
    SourceAlias.objects.create(source=first, value="uno")
    merge(first.pk, second.pk, by=admin)
    merge(second.pk, third.pk, by=admin)
    lookup = SourceLookup.read()
    assert {lookup.find(raw) for raw in ("one", "uno", "two", "ONE", "three")} == {third}


def test_without_a_catalogue_there_is_a_source_of_last_resort() -> None:
    assert SourceLookup.read().unknown == Source.objects.get(code="unknown")
    assert SourceLookup.read().unknown.name == "Не определён"


def test_the_whole_catalogue_is_read_in_one_query(catalogues: None, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        lookup = SourceLookup.read()
        assert lookup.find("yandex")
