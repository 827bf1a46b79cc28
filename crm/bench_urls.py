"""The addresses of the product and one more, the yardstick of the benchmark (`manage.py benchpages`).

The yardstick is what Django does at its barest: fifty leads through a template without filters, forms or links. It
passes the same middleware as every page, so that the lists may be held against it.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from crm import urls
from leads.models import Lead
from team.models import User

YARDSTICK = "/bench/yardstick/"
PAGE = """<!doctype html><title>Yardstick</title><table>{% for lead in leads %}
<tr><td>{{ lead.pk }}</td><td>{{ lead.name }}</td><td>{{ lead.phone }}</td><td>{{ lead.status }}</td>
<td>{{ lead.city }}</td><td>{{ lead.source.name }}</td><td>{{ lead.responsible.name }}</td>
<td>{{ lead.created_at }}</td></tr>{% endfor %}</table>"""
template = engines["django"].from_string(PAGE)


def yardstick(request: HttpRequest) -> HttpResponse:
    """Fifty leads that the person who asks may see, the newest first."""
    if not isinstance(request.user, User):
        return HttpResponse(status=403)
    leads = Lead.objects.visible_to(request.user).select_related("contact", "source", "responsible")
    return HttpResponse(template.render({"leads": leads.order_by("-created_at", "-pk")[:50]}, request))


handler400, handler500 = urls.handler400, urls.handler500
urlpatterns = [*urls.urlpatterns, path(YARDSTICK[1:], yardstick)]
