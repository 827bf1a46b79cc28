"""The mapping pages: which stage, source, person and pipeline of the portal stands for which of ours."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from bitrix24 import line, mirror, wiring
from bitrix24.content import deal_directory
from bitrix24.models import Wiring
from bitrix24.outcomes import Outcome
from bitrix24.session import Nothing, Session
from crm.admin import OneRowAdmin, sentence
from crm.errors import Forbidden, Invalid
from outbox.delivery import Closed, Failed, Later

PARTS = {
    "stages": _("Lead stages"),
    "deals": _("Pipeline and deal stages"),
    "sources": _("Sources"),
    "people": _("Colleagues"),
}
BY_ITSELF = {
    "stages": _("made when first needed"),
    "deals": _("made when first needed"),
    "sources": _("made when first needed"),
    "people": _("found by e-mail"),
}


@admin.register(Wiring)
class WiringAdmin(OneRowAdmin):
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """A part of the mapping (`part`). POST `do`: read (ask the portal anew) or save (`of:KEY` is a code there)."""
        part = request.GET.get("part", "stages")
        part = part if part in PARTS else "stages"
        if request.method == "POST":
            if request.POST.get("do") == "read":
                self._read(request)
            else:
                self._save(request, part)
            return HttpResponseRedirect(f"{request.path}?part={part}")
        context = {**self.admin_site.each_context(request), "opts": self.opts, **_page(part)}
        return TemplateResponse(request, "admin/bitrix24/wiring/mapping.html", context)

    def _read(self, request: HttpRequest) -> None:
        webhook = settings.BITRIX24_WEBHOOK
        if webhook is None or not line.open_for(webhook):
            messages.error(request, _t("The portal cannot be asked now."))
            return
        portal = mirror.connect(webhook)
        portal.webhook = line.address_of(webhook)
        try:
            wiring.read_choices(Session(portal, Nothing()))
            messages.success(request, _t("What the portal has is read"))
        except (Outcome, Closed, Failed, Later) as outcome:
            messages.error(request, str(outcome) or _t("The portal cannot be asked now."))
        finally:
            portal.close()

    def _save(self, request: HttpRequest, part: str) -> None:
        pipeline = request.POST.get("pipeline", "")
        known = {code for code, _name in wiring.choices(Wiring.current(), "pipelines")}
        if part == "deals" and pipeline in known and int(pipeline) != Wiring.current().pipeline:
            wiring.choose_pipeline(int(pipeline))
            self._told(request, 1)
            return  # the stages on the page were those of the other pipeline
        chosen = {name.removeprefix("of:"): code for name, code in request.POST.items() if name.startswith("of:")}
        try:
            self._told(request, wiring.choose(part, chosen, by=request.user))
        except (Invalid, Forbidden) as error:
            messages.error(request, sentence(error))

    def _told(self, request: HttpRequest, changed: int) -> None:
        if not changed:
            messages.info(request, _t("Nothing was changed"))
            return
        self.log_change(request, Wiring(pk=1), _t("Mapping changed"))
        said = ngettext("%(count)s row changed", "%(count)s rows changed", changed) % {"count": changed}
        rest = _t("What was told before keeps its code until it changes; `bitrix24 check --repair` sends it again.")
        messages.success(request, f"{said}. {rest}")


def _page(part: str) -> dict[str, Any]:
    known = Wiring.current()
    wires, directory = {
        "stages": (wiring.stage_wires, "STATUS"),
        "deals": (lambda: wiring.deal_wires(known.pipeline), deal_directory(known.pipeline)),
        "sources": (wiring.source_wires, "SOURCE"),
        "people": (wiring.people_wires, "people"),
    }[part]
    choices = wiring.choices(known, directory)
    codes = {code for code, _name in choices}
    rows = wires()
    # A code that was chosen before the portal was read, or is gone there, is shown as what it is.
    stray = sorted({(row.chosen, row.chosen) for row in rows if row.chosen and row.chosen not in codes})
    return {
        "title": f"{_t('What stands for what')}: {PARTS[part]}",
        "parts": PARTS.items(),
        "part": part,
        "by_itself": BY_ITSELF[part],
        "rows": rows,
        "choices": [*choices, *stray],
        "pipelines": wiring.choices(known, "pipelines") if part == "deals" else [],
        "pipeline": str(known.pipeline),
        "read_at": known.read_at,
        "on": mirror.is_on(),
    }
