"""How people look at the list: filters saved under names, what the list opens with, and which columns it has."""

import re

import pytest
from django.http import HttpResponse

from leads import looks
from leads.models import ListLook, SavedView
from team.models import User
from tests.factories import LawyerFactory, ManagerFactory, OperatorFactory, lead
from tests.pages import HOSTILE, at_most, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues"), pytest.mark.shared]
VIEWS = "/leads/views/"


def save(user: User, name: str, query: str = "city=Уфа", **more: str) -> HttpResponse:
    return signed_in(user).post(VIEWS, {"name": name, "query": query, **more})


def view_of(user: User, name: str = "Уфа", query: str = "city=Уфа", *, shared: bool = False) -> SavedView:
    return looks.save_view(name, query, shared=shared, by=user)


def tabs_of(user: User, query: str = "?view=list") -> dict[str, dict]:
    return {tab["label"]: tab for tab in signed_in(user).get(f"/leads/{query}").context["tabs"]}


def headings(user: User) -> list[str]:
    return re.findall(r'data-column="(\w+)"', signed_in(user).get("/leads/?view=list").content.decode())


def test_a_filter_is_saved_under_a_name_and_is_a_tab_with_a_counter() -> None:
    operator = OperatorFactory()
    for city in ("Уфа", "Уфа", "Самара"):
        lead(city=city)
    listed = signed_in(operator).get("/leads/?view=list&city=Уфа&sort=-debt&page=2&status=").content.decode()
    (asked,) = re.findall(r'href="(/leads/views/\?query=[^"]+)"', listed)
    assert "Город: Уфа" in text_of(signed_in(operator).get(asked))
    form = signed_in(operator).get(VIEWS, {"query": "status=dialing&source=site&responsible=none"})
    assert "Статус: Прозвон · Источник: Сайт · Ответственный: Никто" in text_of(form)
    page = save(operator, "  Уфа,\tвсе ", "sort=-debt&city=Уфа&page=2&status=&select=all")
    assert page["Location"].startswith("/leads/?view=list&city=")
    kept = SavedView.objects.get()
    assert (kept.name, kept.query, kept.shared) == ("Уфа, все", "city=%D0%A3%D1%84%D0%B0", False)
    tab = tabs_of(operator, f"?view=list&{kept.query}")["Уфа, все"]
    assert (tab["count"], tab["current"], tab["more"]) == (2, True, False)
    assert "Уфа, все" not in tabs_of(OperatorFactory())
    board = tabs_of(operator, "?view=board")["Уфа, все"]
    assert board["url"] == f"?view=board&{kept.query}"


def test_a_counter_counts_what_its_reader_sees_and_no_further_than_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    manager, operator = ManagerFactory(), OperatorFactory()
    view_of(manager, shared=True)
    lead(city="Уфа", by=operator)
    lead(city="Уфа", by=OperatorFactory())
    assert tabs_of(operator)["Уфа"]["count"] == 1
    assert tabs_of(manager)["Уфа"]["count"] == 2
    monkeypatch.setattr("leads.tabs.MOST", 1)
    tab = tabs_of(manager)["Уфа"]
    assert (tab["count"], tab["more"]) == (1, True)


def test_views_take_one_query_however_many_there_are() -> None:
    operator = OperatorFactory()
    client = signed_in(operator)
    for number in range(looks.MOST_VIEWS):
        view_of(operator, f"Вид {number}", f"city=Уфа&touches_min={number}")
    with at_most(16):
        client.get("/leads/?view=list")


def test_what_is_no_filter_is_left_out_and_what_means_nothing_is_refused() -> None:
    operator = OperatorFactory()
    for query, said in (
        ("source=nowhere", "источник"),
        ("status=melted", "вариант"),
        ("debt_min=много", "рублях"),
        ("from=2026-13-45&to=x", "дат"),
        ("search=" + "а " * 11, "слов"),
        ("counted=leads&basis=nonsense", ""),
    ):
        page = save(operator, "Вид", query)
        assert page.status_code == 422, query
        assert said in text_of(page).lower(), (query, text_of(page))
    assert not SavedView.objects.exists()
    save(operator, "Вид", "city=Уфа&evil=1&next=//evil.example&city=\x00")
    assert SavedView.objects.get().query == "city=%D0%A3%D1%84%D0%B0"


def test_a_name_is_given_once_and_shown_as_text() -> None:
    operator = OperatorFactory()
    for name, said in (("", "Назовите вид"), ("а" * 41, "40"), (" \x00 ", "Назовите вид")):
        page = save(operator, name)
        assert page.status_code == 422
        assert said in text_of(page), text_of(page)
        assert 'value="city=Уфа"' in page.content.decode()
    save(operator, HOSTILE[:40])
    assert "<script>alert" not in signed_in(operator).get("/leads/").content.decode()
    save(operator, "Уфа")
    assert "Такой вид уже есть" in text_of(save(operator, "Уфа"))
    assert save(OperatorFactory(), "Уфа").status_code == 302


def test_there_is_an_end_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "MOST_VIEWS", 2)
    operator = OperatorFactory()
    for name in ("Один", "Два"):
        save(operator, name)
    assert "Сначала удалите один" in text_of(save(operator, "Три"))
    signed_in(operator).post(f"{VIEWS}{SavedView.objects.first().pk}/", {"delete": "1"})
    assert save(operator, "Три").status_code == 302


def test_heads_share_and_keep_in_order_what_is_shared() -> None:
    manager, operator = ManagerFactory(), OperatorFactory()
    assert 'name="shared"' not in signed_in(operator).get(VIEWS).content.decode()
    save(operator, "Хитрый", shared="on")
    assert not SavedView.objects.get(name="Хитрый").shared
    save(manager, "Общий", shared="on")
    view = SavedView.objects.get(name="Общий")
    assert "Общий" in tabs_of(operator)
    page = signed_in(operator).get(f"{VIEWS}{view.pk}/").content.decode()
    assert 'name="name"' not in page
    assert 'name="delete"' not in page
    assert signed_in(operator).post(f"{VIEWS}{view.pk}/", {"delete": "1"}).status_code == 403
    signed_in(operator).post(f"{VIEWS}{view.pk}/", {"name": "Взломан", "shared": ""})
    other_head = signed_in(ManagerFactory())
    other_head.post(f"{VIEWS}{view.pk}/", {"name": "Наш общий", "shared": "on"})
    view.refresh_from_db()
    assert (view.name, view.shared, view.owner) == ("Наш общий", True, manager)
    other_head.post(f"{VIEWS}{view.pk}/", {"name": "Наш общий"})
    assert "Наш общий" not in tabs_of(operator)
    assert other_head.get(f"{VIEWS}{view.pk}/").status_code == 404


def test_anothers_view_is_not_there() -> None:
    view = view_of(OperatorFactory())
    for stranger in (OperatorFactory(), ManagerFactory(), LawyerFactory()):
        client = signed_in(stranger)
        assert client.get(f"{VIEWS}{view.pk}/").status_code == 404
        for sent in ({"name": "Мой"}, {"delete": "1"}, {"first": "on"}):
            assert client.post(f"{VIEWS}{view.pk}/", sent).status_code == 404
    assert SavedView.objects.get().name == "Уфа"
    assert not ListLook.objects.exists()


def test_one_renames_and_deletes_ones_own() -> None:
    operator = OperatorFactory()
    view, client = view_of(operator), signed_in(operator)
    assert "Изменить вид" in text_of(client.get("/leads/?view=list&city=Уфа"))
    assert "Вид «Башкирия» сохранён" in text_of(client.post(f"{VIEWS}{view.pk}/", {"name": "Башкирия"}, follow=True))
    assert SavedView.objects.get().query == view.query
    view_of(operator, "Второй", "city=Самара")
    assert "Такой вид уже есть" in text_of(client.post(f"{VIEWS}{view.pk}/", {"name": "Второй"}))
    assert "Вид «Башкирия» удалён" in text_of(client.post(f"{VIEWS}{view.pk}/", {"delete": "1"}, follow=True))
    assert list(SavedView.objects.values_list("name", flat=True)) == ["Второй"]


def test_the_list_opens_with_the_view_of_choice_as_long_as_it_is_there() -> None:
    manager, operator = ManagerFactory(), OperatorFactory()
    client = signed_in(operator)
    view = view_of(manager, shared=True)
    client.post(f"{VIEWS}{view.pk}/", {"first": "on"})
    assert client.get("/leads/")["Location"] == f"/leads/?view=list&{view.query}"
    assert client.get("/leads/?view=board").status_code == 200
    assert signed_in(manager).get("/leads/").status_code == 200
    looks.change_view(view.pk, view.name, shared=False, by=manager)
    assert client.get("/leads/").status_code == 200
    looks.change_view(view.pk, view.name, shared=True, by=manager)
    client.post(f"{VIEWS}{view.pk}/", {})
    assert client.get("/leads/").status_code == 200
    save(operator, "Первый", first="on")
    assert client.get("/leads/").status_code == 302
    looks.delete_view(SavedView.objects.get(name="Первый").pk, by=operator)
    assert client.get("/leads/").status_code == 200


def test_columns_are_chosen_and_brought_back() -> None:
    operator = OperatorFactory()
    lead()
    client, usual = signed_in(operator), headings(operator)
    assert usual == ["name", *looks.USUAL]
    sent = {"column": ["meeting", "source", "evil", "source"], "next": "/leads/?view=list&touches_min=1"}
    assert client.post("/leads/columns/", sent)["Location"] == "/leads/?view=list&touches_min=1"
    assert headings(operator) == ["name", "source", "meeting"]
    assert headings(OperatorFactory()) == usual
    assert client.post("/leads/columns/", {**sent, "next": "//evil.example/"})["Location"] == "/leads/"
    client.post("/leads/columns/", {"column": ["debt"], "reset": "1"})
    assert headings(operator) == usual
    client.post("/leads/columns/", {})
    assert headings(operator) == usual


def test_a_form_sent_twice_saves_one_view() -> None:
    operator = OperatorFactory()
    page = signed_in(operator).get(f"{VIEWS}?query=city=Уфа", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in page
    token = re.search(r'name="token" value="([^"]+)"', page)[1]
    first, second = (save(operator, "Уфа", token=token) for _press in range(2))
    assert first["Location"] == second["Location"]
    assert SavedView.objects.count() == 1


def test_whose_list_has_no_filters_of_work_has_views_all_the_same() -> None:
    lawyer = LawyerFactory()
    assert save(lawyer, "Уфа").status_code == 302
    assert list(tabs_of(lawyer)) == ["Все", "Уфа"]
