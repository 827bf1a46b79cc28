"""Translations are compiled without GNU gettext, and an unfinished one is found."""

import gettext
from pathlib import Path

import polib
import pytest
from django.core.management import call_command

from crm import texts, translations
from crm.texts import Text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    messages = tmp_path / "ru" / "LC_MESSAGES"
    messages.mkdir(parents=True)
    po = polib.POFile()
    po.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Plural-Forms": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);",  # noqa: E501
    }
    forms = {0: "%d лид", 1: "%d лида", 2: "%d лидов"}
    po.append(polib.POEntry(msgid="%d lead", msgid_plural="%d leads", msgstr_plural=forms))
    po.save(str(messages / "django.po"))
    return tmp_path


def test_russian_plurals_survive_the_compilation(folder: Path) -> None:
    assert translations.compile_all([folder]) == [folder / "ru" / "LC_MESSAGES" / "django.mo"]
    ru = gettext.translation("django", folder, ["ru"])
    said = [ru.ngettext("%d lead", "%d leads", n) % n for n in (1, 2, 5, 11, 21, 22)]
    assert said == ["1 лид", "2 лида", "5 лидов", "11 лидов", "21 лид", "22 лида"]


def test_what_is_compiled_already_is_left_alone(folder: Path) -> None:
    translations.compile_all([folder])
    assert translations.compile_all([folder]) == []


def test_missing_and_doubtful_texts_are_found(folder: Path) -> None:
    path = folder / "ru" / "LC_MESSAGES" / "django.po"
    po = polib.pofile(str(path))
    po.append(polib.POEntry(msgid="Missing"))
    po.append(polib.POEntry(msgid="Doubtful", msgstr="Сомнительно", flags=["fuzzy"]))
    po.save()
    found = [line.removeprefix(f"{path}: ") for line in translations.unfinished([folder])]
    assert found == ["not translated: 'Missing'", "doubtful: 'Doubtful'"]


def test_every_text_of_the_product_is_translated() -> None:
    call_command("texts", check=True)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('_("One " "line")', Text("One line")),
        ('label = gettext_lazy("Phone")', Text("Phone")),
        ('ngettext("%d lead", "%d leads", n)', Text("%d lead", plural="%d leads")),
        ('pgettext("of a lead", "New")', Text("New", context="of a lead")),
        ('translation.gettext("Там")', Text("Там")),
    ],
)
def test_a_text_in_python_is_found(source: str, text: Text) -> None:
    assert list(texts.in_python(source)) == [text]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('<a title="{% translate "It\'s open" %}">', Text("It's open")),
        ('{% translate "New" context "of a lead" %}', Text("New", context="of a lead")),
        ("{% blocktranslate trimmed %}\n  Two\n  lines\n{% endblocktranslate %}", Text("Two lines")),
        ("{% blocktranslate with name=user.name %}Hello, {{ name }}{% endblocktranslate %}", Text("Hello, %(name)s")),
        (
            "{% blocktranslate count n=total %}{{ n }} lead (open){% plural %}{{ n }} leads{% endblocktranslate %}",
            Text("%(n)s lead (open)", plural="%(n)s leads"),
        ),
        ('{{ _("Phone")|lower }}', Text("Phone")),
    ],
)
def test_a_text_in_a_template_is_found(source: str, text: Text) -> None:
    assert list(texts.in_template(source)) == [text]


def test_what_a_variable_holds_is_no_text() -> None:
    assert list(texts.in_python("gettext(label); gettext(f'{x}'); print('no')")) == []


def test_new_texts_are_added_once_and_without_a_translation(folder: Path) -> None:
    path = folder / "ru" / "LC_MESSAGES" / "django.po"
    found = {Text("%d lead", plural="%d leads"), Text("New", context="of a lead")}
    new = texts.missing(found, path)
    assert new == [Text("New", context="of a lead")]
    texts.add(new, path)
    assert texts.missing(found, path) == []
    assert [line.removeprefix(f"{path}: ") for line in translations.unfinished([folder])] == ["not translated: 'New'"]
