"""What pages weigh and that they run under a policy without anything inline, read from the files themselves."""

import gzip
import re
from pathlib import Path

from crm import bundle
from crm.templatetags.crm_ui import ENTRY_LOOKS, MESSAGE_LOOKS, TASK_ICONS

ROOT = Path(__file__).resolve().parent.parent
STYLES = (ROOT / "static/css/app.css").read_text()
SCRIPTS = sorted((ROOT / "static/js").glob("*.js"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# Inside {# #} and {% comment %} a page may be talked about.
REMARK = re.compile(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", re.DOTALL)


def markup(template: Path) -> str:
    return REMARK.sub("", template.read_text())


def compressed(path: str) -> int:
    return len(gzip.compress((ROOT / path).read_bytes(), 9))


def test_the_pages_weigh_what_was_allowed() -> None:
    assert compressed("static/css/app.css") <= 18 * 1024
    frame = len(gzip.compress(bundle.joined().encode(), 9))
    assert frame + max(compressed(f"static/js/{path.name}") for path in SCRIPTS) <= 10 * 1024  # a page may add a module


def test_every_module_is_small_and_on_the_pages() -> None:
    assert all(path.read_text().count("\n") < 200 for path in SCRIPTS)
    asked = {name for page in TEMPLATES for name in re.findall(r"static 'js/(\w+)\.js'", markup(page))}
    assert {path.stem for path in SCRIPTS} == {*bundle.MODULES, *asked} - {"frame"}
    # Six files at most: the page, the styles, the icons, htmx, the frame, and one more.
    assert all(len(re.findall(r"static 'js/", markup(page))) <= 1 for page in TEMPLATES)


def test_dark_looks_the_same_whether_wished_by_the_system_or_by_hand() -> None:
    by_system = re.search(r':root:not\(\[data-theme="light"\]\) \{(.*?)\}', STYLES, re.DOTALL)
    by_hand = re.search(r':root\[data-theme="dark"\] \{(.*?)\}', STYLES, re.DOTALL)
    assert by_system
    assert by_hand
    assert by_system[1].split() == by_hand[1].split()


def test_every_colour_of_the_light_theme_has_a_dark_one() -> None:
    light = re.search(r":root \{(.*?)\}", STYLES, re.DOTALL)
    dark = re.search(r':root\[data-theme="dark"\] \{(.*?)\}', STYLES, re.DOTALL)
    assert light
    assert dark
    colours = set(re.findall(r"(--[\w-]+): (?:#|rgb)", light[1]))
    assert len(colours) > 40
    assert colours - set(re.findall(r"(--[\w-]+):", dark[1])) == set()


def test_the_stylesheet_asks_for_nothing_else() -> None:
    assert "url(" not in STYLES.split("*/", 1)[1]
    assert "@import" not in STYLES


def test_no_page_has_anything_inline() -> None:
    inline = re.compile(r'\sstyle="|<style|<script(?![^>]*\ssrc=)|\son[a-z]+="|javascript:|\shx-on')
    assert [str(page.relative_to(ROOT)) for page in TEMPLATES if inline.search(markup(page))] == []


def test_every_icon_that_is_used_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="i-(\w+)"', (ROOT / "static/img/icons.svg").read_text()))
    in_pages = {name for page in TEMPLATES for name in re.findall(r'\{% icon "(\w+)"', markup(page))}
    in_pages |= {name for page in TEMPLATES for name in re.findall(r'\bicon="(\w+)"', markup(page))}
    in_tags = {name for _look, name in [*ENTRY_LOOKS.values(), *MESSAGE_LOOKS.values()]} | set(TASK_ICONS.values())
    assert (in_pages | in_tags) - drawn == set()
