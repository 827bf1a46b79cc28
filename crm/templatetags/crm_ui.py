"""The small parts that templates draw with: icons, links that keep the filter, status colours, controls, bars.

Knows class names of static/css/app.css and nothing of the business but the codes that have a colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms, template
from django.core.paginator import Page
from django.forms import BoundField
from django.template import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from crm.keys import keys_on

register = template.Library()

# Colours of the customer's statuses and of the stages as shipped. A stage of the catalogue carries its own class.
STATUS_CLASSES = {
    "new": "st-new",
    "dialing": "st-calling",
    "meeting": "st-meeting",
    "postponed": "st-later",
    "visit": "st-visit",
    "contract": "st-deal",
    "contract_prepaid": "st-prepaid",
    "junk": "st-junk",
    "documents": "st-new",
    "filed": "st-calling",
    "hearing_1": "st-meeting",
    "procedure_completed": "st-visit",
    "hearing_2": "st-deal",
    "ruling": "st-prepaid",
}
ATTENTION_ICONS = {
    "not_called": "clock",
    "unassigned": "user",
    "unconfirmed": "alert",
    "no_task": "task",
    "no_answer": "missed",
    "postponed": "flag",
}
TASK_ICONS = {
    "contact_client": "phone",
    "write_messenger": "chat",
    "send_address": "pin",
    "confirm_meeting": "check",
    "update_need": "task",
    "collect_documents": "doc",
}
# kind of a timeline entry -> its look and its icon
ENTRY_LOOKS = {
    "call_ok": ("call-ok", "phone"),
    "call_miss": ("call-miss", "missed"),
    "call_in": ("call-ok", "incoming"),
    "message": ("chat", "chat"),
    "sms": ("chat", "sms"),
    "email": ("chat", "mail"),
    "office": ("status", "user"),
    "lead": ("lead", "inbox"),
    "duplicate": ("lead", "merge"),
    "status": ("status", "flag"),
    "deal": ("status", "brief"),
    "meeting": ("status", "calendar"),
    "task": ("task", "task"),
    "document": ("task", "doc"),
    "comment": ("note", "edit"),
    "owner": ("note", "user"),
    "change": ("note", "edit"),
}
MESSAGE_LOOKS = {
    "success": ("ok", "check"),
    "warning": ("warn", "alert"),
    "error": ("danger", "alert"),
}
AVATAR_TONES = ("st-meeting", "st-visit", "st-calling", "st-new", "st-junk", "st-deal")


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """An icon of static/img/icons.svg, hidden from screen readers; size "sm", "lg" or none (18 px)."""
    sheet = static("img/icons.svg")
    css = f"icon icon--{size}" if size else "icon"
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}#i-{}"/></svg>', css, sheet, name)


@register.simple_tag(takes_context=True)
def url_with(context: Context, **changes: object) -> str:
    """The present query with `changes`; None and "" take a key out. Any change but of the page drops the page."""
    query = context["request"].GET.copy()
    if "page" not in changes:
        query.pop("page", None)
    for key, value in changes.items():
        query.pop(key, None)
        if value is not None and value != "":
            query[key] = str(value)
    return f"?{query.urlencode()}"


@register.inclusion_tag("_sort_th.html", takes_context=True)
def sort_th(context: Context, key: str, label: str, css: str = "", default: str = "") -> dict[str, object]:
    """A column head that sorts by `key` (?sort=key, ?sort=-key). `default` is the order without ?sort."""
    present = context["request"].GET.get("sort") or default
    direction = {key: "ascending", f"-{key}": "descending"}.get(present, "")
    other_way = f"-{key}" if direction == "ascending" else key
    return {"key": key, "label": label, "css": css, "direction": direction, "url": url_with(context, sort=other_way)}


@register.simple_tag(takes_context=True)
def current(context: Context, prefix: str) -> SafeString:
    """aria-current for a link of the menu when the page's route name begins with `prefix`."""
    match = getattr(context.get("request"), "resolver_match", None)
    name = (match.url_name or "") if match else ""
    return SafeString(' aria-current="page"') if name.startswith(prefix) else SafeString("")


@register.simple_tag(takes_context=True)
def keys_here(context: Context) -> str:
    """The keys of this page for its user, comma separated, for the script that obeys them."""
    match = getattr(context.get("request"), "resolver_match", None)
    route = (match.url_name or "") if match else ""
    return ",".join(key.code for key in keys_on(context["user"], route))


@register.filter
def status_class(code: str) -> str:
    """The colour class of a lead status (or of a stage as shipped); grey for what is not known."""
    return STATUS_CLASSES.get(code, "")


@register.filter
def task_icon(kind: str) -> str:
    return TASK_ICONS.get(kind, "task")


@register.filter
def attention_icon(what: str) -> str:
    return ATTENTION_ICONS.get(what, "alert")


@register.filter
def entry_class(kind: str) -> str:
    return f"tl--{ENTRY_LOOKS.get(kind, ENTRY_LOOKS['change'])[0]}"


@register.filter
def entry_icon(kind: str) -> str:
    return ENTRY_LOOKS.get(kind, ENTRY_LOOKS["change"])[1]


@register.filter
def message_tone(level_tag: str) -> str:
    """The look of a toast for a level of django.contrib.messages; none for information."""
    return MESSAGE_LOOKS.get(level_tag, ("", ""))[0]


@register.filter
def message_icon(level_tag: str) -> str:
    return MESSAGE_LOOKS.get(level_tag, ("", "info"))[1]


@register.filter
def initials(name: object) -> str:
    """«Марина Ковалёва» -> «МК»."""
    words = str(name or "").split()
    return "".join(word[0] for word in [*words[:1], *words[1:][-1:]]).upper()


@register.filter
def surname(name: object) -> str:
    """The last word of a colleague's name, as colleagues are called in tables and history."""
    words = str(name or "").split()
    return words[-1] if words else ""


@register.filter
def words(text: object) -> list[str]:
    """The words of a text; none of None."""
    return str(text or "").split()


@register.filter
def avatar_tone(pk: int | None) -> str:
    """A colour for the person with this key, the same everywhere."""
    return AVATAR_TONES[(pk or 0) % len(AVATAR_TONES)]


@register.simple_tag
def control(field: BoundField, hint: str = "", autofocus: object = None) -> SafeString:
    """The field's widget with the class of our stylesheet, described also by the `hint` that `_field.html` shows.

    Django itself adds required, aria-invalid and aria-describedby (the ids that `_field.html` gives to help and error).
    """
    widget = field.field.widget
    if isinstance(widget, forms.Textarea):
        css = "textarea"
    elif isinstance(widget, forms.CheckboxInput):
        css = "cb"
    elif isinstance(widget, forms.Select) and not isinstance(widget, forms.RadioSelect):
        css = "select"
    else:
        css = "input"
    own = str(widget.attrs.get("class", ""))
    attrs: dict[str, Any] = {"class": f"{css} {own}".strip()}
    if hint:
        attrs["aria-describedby"] = f"{field.aria_describedby or ''} {field.auto_id}_hint".strip()
    if autofocus:
        attrs["autofocus"] = True
    return field.as_widget(attrs=attrs)


@register.inclusion_tag("_load.html")
def load_bar(share: float, label: str) -> dict[str, object]:
    """How full somebody is: green, from 85 % amber, from 95 % red; `label` says what to a screen reader."""
    tone = "bar--danger" if share >= 0.95 else "bar--warn" if share >= 0.85 else "bar--ok"
    return {"share": share, "width": f"{max(0.0, min(100.0, 100 * share)):.0f}", "tone": tone, "label": label}


@register.inclusion_tag("_bar.html")
def bar(value: float | None, best: float | None) -> dict[str, object]:
    """A bar of `value` against `best`, the fullest of its kind; empty when there is nothing to compare with."""
    share = 100 * float(value or 0) / float(best) if best else 0.0
    return {"width": f"{max(0.0, min(100.0, share)):.1f}"}


@register.inclusion_tag("_spark.html")
def spark(values: Iterable[float], label: str) -> dict[str, object]:
    """A small line of `values` in time; `label` says to a screen reader what it shows."""
    heights: Sequence[float] = [float(value) for value in values]
    top = max(heights, default=0.0) or 1.0
    step = 92 / max(1, len(heights) - 1)
    points = " ".join(f"{position * step:.1f},{22 - 20 * height / top:.1f}" for position, height in enumerate(heights))
    return {"points": points, "label": label}


@register.simple_tag
def page_numbers(page: Page[Any]) -> str:
    """«1–50» of a page of results."""
    return f"{page.start_index()}–{page.end_index()}"
