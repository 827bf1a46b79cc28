"""Translations are compiled without GNU gettext, and an unfinished one is found."""

import gettext
from pathlib import Path

import polib
import pytest
from django.conf import settings

from crm import translations


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
    folders = [Path(folder) for folder in settings.LOCALE_PATHS]
    assert list(folders[0].glob("ru/LC_MESSAGES/django.po"))
    assert translations.unfinished(folders) == []
