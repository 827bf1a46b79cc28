"""Our modules of script reach the browser as one file, however static files are served."""

from pathlib import Path

from django.contrib.staticfiles import finders

from crm import bundle


def test_the_file_is_what_the_modules_are(settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    found = finders.find(bundle.NAME)
    assert isinstance(found, str)
    made = Path(found)
    made.write_text("old")
    assert Path(str(finders.find(bundle.NAME))).read_text() == bundle.joined()
    assert finders.find(bundle.NAME, find_all=True) == [found]


def test_remarks_stay_behind_and_code_does_not() -> None:
    text = bundle.joined()
    assert "/*" not in text.split("(function", 1)[0]
    assert "// ---" not in text
    assert text.count('"use strict";') == len(bundle.MODULES)
    assert "https://" not in text


def test_it_is_collected(settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    collected = {name: storage.path(name) for name, storage in bundle.BundleFinder().list(None)}
    assert Path(collected[bundle.NAME]).read_text() == bundle.joined()
    assert not list(bundle.BundleFinder().list(["js/*"]))
