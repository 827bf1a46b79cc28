from types import SimpleNamespace

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory

from crm.templatetags import crm_ui


def drawn(source: str, query: str = "", **context: object) -> str:
    request = RequestFactory().get(f"/leads/{query}")
    request.resolver_match = SimpleNamespace(url_name="lead-card")
    return Template("{% load crm_ui %}" + source).render(Context({"request": request, **context}))


def test_a_link_keeps_the_filter_and_drops_the_page() -> None:
    assert drawn("{% url_with sort='debt' %}", "?status=new&page=3") == "?status=new&amp;sort=debt"
    assert drawn("{% url_with page=4 %}", "?status=new&page=3") == "?status=new&amp;page=4"


def test_a_link_takes_a_filter_out() -> None:
    assert drawn("{% url_with status=None %}", "?status=new&status=junk&q=1") == "?q=1"


def test_a_column_head_sorts_and_says_how_it_is_sorted() -> None:
    plain = drawn("{% sort_th 'debt' 'Debt' 'num' %}")
    assert 'href="?sort=debt"' in plain
    assert "aria-sort" not in plain
    up = drawn("{% sort_th 'debt' 'Debt' %}", "?sort=debt")
    assert 'aria-sort="ascending"' in up
    assert 'href="?sort=-debt"' in up
    assert 'aria-sort="descending"' in drawn("{% sort_th 'created' 'Arrived' '' '-created' %}")


def test_the_menu_marks_the_section_one_is_in() -> None:
    assert drawn("{% current 'lead' %}") == ' aria-current="page"'
    assert drawn("{% current 'deal' %}") == ""


@pytest.mark.parametrize(
    ("name", "letters", "last"),
    [
        ("Марина Ковалёва", "МК", "Ковалёва"),
        ("Анна Мария Зимина", "АЗ", "Зимина"),
        ("марина", "М", "марина"),
        ("", "", ""),
    ],
)
def test_a_colleague_is_known_by_initials_and_surname(name, letters, last) -> None:
    assert crm_ui.initials(name) == letters
    assert crm_ui.surname(name) == last


def test_a_field_is_described_by_its_hint_help_and_error() -> None:
    class OnePhone(forms.Form):
        phone = forms.CharField(help_text="any spelling")

    form = OnePhone({"phone": ""})
    html = drawn("{% include '_field.html' with field=form.phone hint='as it was read' %}", form=form)
    assert 'aria-describedby="id_phone_helptext id_phone_error id_phone_hint"' in html
    assert 'aria-invalid="true"' in html
    for end in ("helptext", "error", "hint"):
        assert f'id="id_phone_{end}"' in html


@pytest.mark.parametrize(
    ("value", "best", "width"), [(47, 100, "47.0"), (200, 100, "100.0"), (1, 0, "0.0"), (None, 5, "0.0")]
)
def test_a_bar_never_leaves_its_track(value, best, width) -> None:
    assert f'width="{width}"' in drawn("{% bar value best %}", value=value, best=best)


def test_text_of_people_is_escaped_in_every_piece() -> None:
    evil = "<script>alert(1)</script>"
    task = SimpleNamespace(kind="manual", title=evil, due_at=None, state="open", promised=False)
    entry = {"kind": "comment", "title": evil, "text": evil, "box": evil, "tag": evil, "author": evil, "at": None}
    for source in (
        "{% include '_banner.html' with title=evil text=evil note=evil only %}",
        "{% include '_toast.html' with title=evil text=evil only %}",
        "{% include '_task_row.html' %}",
        "{% include '_task_cell.html' %}",
        "{% include '_timeline_entry.html' %}",
        "{% include '_avatar.html' with show='name' %}",
    ):
        html = drawn(source, evil=evil, task=task, entry=entry, user=SimpleNamespace(pk=1, name=evil))
        assert "&lt;script&gt;" in html
        assert "<script" not in html
