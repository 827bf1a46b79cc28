"""The source catalogue in the admin: edited, switched, merged, mapped, in and out as a file."""

import csv
import io

import pytest
from openpyxl import load_workbook

from deals.models import Deal
from leads.models import Lead
from outbox.models import Mark
from sources.lookup import SourceLookup
from sources.models import UNKNOWN, Source, SourceAlias
from tests.factories import AdminFactory, deal, lead, move
from tests.leads.table_files import checked, counts, taken
from tests.pages import signed_in, text_of
from tests.promises import broken

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]

LIST = "/admin/sources/source/"
ALIASES = {"aliases-TOTAL_FORMS": "0", "aliases-INITIAL_FORMS": "0"}


@pytest.fixture
def admin():
    return signed_in(AdminFactory())


def pk_of(code: str) -> int:
    return Source.objects.get(code=code).pk


def typed(**changes: str) -> dict[str, str]:
    return {
        "code": "radio",
        "name": "Радио",
        "channel": "offline",
        "position": "50",
        "bitrix24_id": "",
        **ALIASES,
        **changes,
    }


def with_alias(value: str) -> dict[str, str]:
    return {"aliases-TOTAL_FORMS": "1", "aliases-0-value": value}


def test_a_source_is_added_with_an_alias_and_marked(admin) -> None:
    assert admin.post(f"{LIST}add/", typed(**with_alias("fm"))).status_code == 302
    source = Source.objects.get(code="radio")
    assert (source.name, source.active) == ("Радио", True)
    assert SourceLookup.read().find("FM") == source
    assert Mark.objects.filter(kind="source", object_id=source.pk).exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "site"},
        {"code": "yandex"},
        {"code": "Квиз"},
        {"name": "Сайт"},
        {"name": ""},
        with_alias("vk"),
        with_alias("Сайт"),
    ],
    ids=str,
)
def test_what_names_another_source_is_refused_and_nothing_is_stored(admin, changes: dict[str, str]) -> None:
    before = (Source.objects.count(), SourceAlias.objects.count())
    answer = admin.post(f"{LIST}add/", typed(**changes))
    assert answer.status_code == 200
    assert answer.context["errors"]
    assert (Source.objects.count(), SourceAlias.objects.count()) == before


def test_an_edit_keeps_code_and_switch_and_takes_an_alias_away(admin) -> None:
    source = Source.objects.get(code="vk_ads")
    alias = source.aliases.get()
    sent = typed(
        code="other",
        name="VK",
        active="",
        merged_into=str(pk_of("site")),
        **{"aliases-TOTAL_FORMS": "1", "aliases-INITIAL_FORMS": "1", "aliases-0-id": str(alias.pk)},
        **{"aliases-0-source": str(source.pk), "aliases-0-DELETE": "on"},
    )
    assert admin.post(f"{LIST}{source.pk}/change/", sent).status_code == 302
    source.refresh_from_db()
    assert (source.code, source.name, source.active, source.merged_into) == ("vk_ads", "VK", True, None)
    assert not source.aliases.exists()


def test_sources_are_switched_off_and_on_but_not_the_one_of_last_resort(admin) -> None:
    ids = [pk_of("quiz"), pk_of(UNKNOWN)]
    answer = admin.post(LIST, {"action": "switch_off", "_selected_action": ids}, follow=True)
    assert "Не определён: «Не определён»" in text_of(answer)
    assert not Source.objects.get(code="quiz").active
    assert Source.objects.get(code=UNKNOWN).active
    admin.post(LIST, {"action": "switch_on", "_selected_action": ids})
    assert Source.objects.get(code="quiz").active


def test_the_list_says_how_many_leads_and_deals_carry_a_source(admin) -> None:
    deal()
    lead(source="site")
    rows = {source.code: source for source in admin.get(LIST).context["cl"].result_list}
    assert (rows["site"].leads_count, rows["site"].deals_count) == (2, 1)
    assert (rows["quiz"].leads_count, rows["quiz"].deals_count) == (0, 0)


def test_a_source_in_use_is_not_deleted_and_an_unused_one_is(admin) -> None:
    lead(source="site")
    for code in ("site", UNKNOWN):
        assert admin.post(f"{LIST}{pk_of(code)}/delete/", {"post": "yes"}).status_code == 403
    assert admin.post(f"{LIST}{pk_of('quiz')}/delete/", {"post": "yes"}).status_code == 302
    assert set(Source.objects.filter(code__in=["site", UNKNOWN, "quiz"]).values_list("code", flat=True)) == {
        "site",
        UNKNOWN,
    }


def test_sources_are_merged_after_asking_where_to(admin) -> None:
    signed = deal()
    lead(source="quiz")
    ids = [pk_of("site"), pk_of("quiz")]
    sent = {"action": "merge", "_selected_action": ids}
    page = admin.post(LIST, sent)
    offered = {source.code for source in page.context["form"].fields["into"].queryset}
    assert not offered & {"site", "quiz"}
    assert Lead.objects.filter(source__code="site").exists()
    answer = admin.post(LIST, {**sent, "apply": "1", "into": pk_of("referral")}, follow=True)
    assert "Объединено с «Рекомендация»: перенесены 3 записи" in text_of(answer)
    assert set(Lead.objects.values_list("source__code", flat=True)) == {"referral"}
    assert Deal.objects.get(pk=signed.pk).source.code == "referral"
    assert SourceLookup.read().find("site").code == "referral"
    back = admin.post(LIST, {"action": "switch_on", "_selected_action": ids}, follow=True)
    assert "объединён с другим" in text_of(back)
    assert broken() == {}


def test_a_merge_that_cannot_be_is_refused_as_a_whole(admin) -> None:
    ids = [pk_of("site"), pk_of(UNKNOWN)]
    sent = {"action": "merge", "_selected_action": ids, "apply": "1", "into": pk_of("quiz")}
    assert admin.post(LIST, sent).context["form"].errors
    assert not Source.objects.filter(merged_into__isnull=False).exists()
    assert admin.post(LIST, {**sent, "into": "987654321"}).context["form"].errors
    assert admin.post(LIST, {**sent, "into": "\x00"}).context["form"].errors


def test_unknown_values_are_listed_by_how_often_they_came_and_mapped(admin) -> None:
    for value in ("TikTok", "tiktok ", "Газета", "TikTok"):
        lead(source=value)
    page = admin.get("/admin/leads/lead/unmapped/")
    assert [(row.value, row.leads) for row in page.context["values"]] == [("TikTok", 3), ("Газета", 1)]
    sent = {"value": "TikTok", "source": pk_of("vk_ads")}
    answer = admin.post("/admin/leads/lead/unmapped/", sent, follow=True)
    assert "«TikTok» — это «VK Реклама»: перенесены 3 лида" in text_of(answer)
    assert Lead.objects.filter(source__code="vk_ads").count() == 3
    assert lead(source="TIKTOK").source.code == "vk_ads"
    for wrong in ({"value": "Газета"}, {"value": "Сайт", "source": pk_of("quiz")}, {"value": "\x00", "source": "x"}):
        assert admin.post("/admin/leads/lead/unmapped/", wrong, follow=True).status_code == 200
    assert Lead.objects.filter(source__code=UNKNOWN).count() == 1


def test_counts_lead_to_the_rows_and_say_what_a_change_affects(admin) -> None:
    lead(source="quiz")
    move(move(lead(source="quiz"), "visit"), "contract")
    page = admin.get(LIST).content.decode()
    for address, count in (("/leads/?show=all&amp;source=quiz", 2), ("/deals/?source=quiz", 1)):
        assert f'<a href="{address}">{count}</a>' in page
    assert "Лиды: 2 · Сделки: 1" in text_of(admin.get(f"{LIST}{pk_of('quiz')}/change/"))
    sent = {"action": "merge", "_selected_action": [pk_of("quiz")]}
    assert "Переедут лиды: 2, сделки: 1." in text_of(admin.post(LIST, sent))
    assert admin.get(f"{LIST}{pk_of('quiz')}/delete/").status_code == 403


def test_the_order_is_changed_on_the_list(admin) -> None:
    rows = list(admin.get(LIST).context["cl"].formset.queryset)
    sent = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": len(rows), "_save": "1"}
    for place, row in enumerate(rows):
        sent |= {f"form-{place}-id": row.pk, f"form-{place}-position": 7 if row.code == "quiz" else row.position}
    assert admin.post(LIST, sent).status_code == 302
    assert Source.objects.get(code="quiz").position == 7
    assert Mark.objects.filter(kind="source").count() == 1  # the others were not written


def test_what_a_value_looks_like_is_chosen_already(admin) -> None:
    for value in ("Яндекс директ", "VK Реклама (лето)", "Газета"):
        lead(source=value)
    meant = {row.value: row.meant for row in admin.get("/admin/leads/lead/unmapped/").context["values"]}
    assert meant == {"Яндекс директ": pk_of("yandex_direct"), "VK Реклама (лето)": pk_of("vk_ads"), "Газета": None}


def test_the_catalogue_comes_in_as_a_file_with_its_aliases() -> None:
    by = AdminFactory()
    content = "Код,Название,Псевдонимы,Порядок,Активен\nradio,Радио,fm; am,5,да\nsite,Наш сайт,www,,\n"
    file = checked(content, by=by, kind="sources")
    assert (counts(file), Source.objects.filter(code="radio").exists()) == ((1, 0, 1, 0), False)
    taken(content, by=by, kind="sources")
    radio = Source.objects.get(code="radio")
    assert ({alias.value for alias in radio.aliases.all()}, radio.position) == ({"fm", "am"}, 5)
    site = Source.objects.get(code="site")
    assert (site.name, site.active, site.channel) == ("Наш сайт", True, "web")
    assert SourceLookup.read().find("WWW") == site


@pytest.mark.parametrize(
    "line",
    ["unknown,Не определён,0,", "new,Сайт,1,", "new,Новый,1,vk", ",Новый,1,", "new,Новый,может быть,", "н о,Новый,1,"],
)
def test_a_row_that_a_verb_refuses_is_told_and_the_others_come_in(line: str) -> None:
    before = Source.objects.count()
    file = taken(f"code,name,active,aliases\nfine,Хороший,1,\n{line}\n", by=AdminFactory(), kind="sources")
    assert counts(file) == (1, 0, 0, 1)
    assert file.refused_rows.get().reason
    assert Source.objects.count() == before + 1
    assert Source.objects.get(code=UNKNOWN).active


def test_the_catalogue_goes_out_without_living_formulas_and_comes_in_again(admin) -> None:
    Source.objects.filter(code="quiz").update(name="=1+1", channel="\t@SUM(A1)")
    answer = admin.post(f"{LIST}export/", {"format": "0", "resource": "0"})
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == ["Код", "Название", "Канал", "Активен", "Порядок", "id в Битрикс24", "Псевдонимы"]
    quiz = next(row for row in rows if row[0] == "quiz")
    assert quiz[1:3] == ["'=1+1", "'@SUM(A1)"]
    book = load_workbook(io.BytesIO(admin.post(f"{LIST}export/", {"format": "1", "resource": "0"}).content))
    assert all(cell.data_type != "f" for line in book.active.iter_rows() for cell in line)
    again = checked(answer.content, by=AdminFactory(), kind="sources")
    assert counts(again) == (0, 0, len(rows) - 1, 0)
