"""The Django admin as this product has it: administrators only, through the product's own sign-in page."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib import admin, auth
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

View = Callable[..., HttpResponse]


class CrmAdminSite(admin.AdminSite):
    site_header = _("CRM administration")
    site_title = _("CRM administration")
    index_title = _("Catalogues, rules and people")

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Whoever is signed in without being an administrator is told so: signing in again would not help them."""
        guarded = super().admin_view(view, cacheable)

        @functools.wraps(guarded)
        def judged(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied(gettext("This page is not for your role"))
            if any("\x00" in value for _name, values in request.GET.lists() for value in values):
                return redirect(request.path)  # no row holds a NUL, and PostgreSQL would not even look for one
            return guarded(request, *args, **kwargs)

        return judged

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The admin has no sign-in of its own: the product's counts wrong passwords and knows the language."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied(gettext("This page is not for your role"))
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """End the session (POST only) and show the sign-in page."""
        if request.method == "POST":
            auth.logout(request)
            return redirect("login")
        return redirect("admin:index")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """One's own password is changed where everybody changes it."""
        return redirect("profile")
