"""Pages about oneself: sign-in, start page, profile, language and theme, presence."""

from __future__ import annotations

from typing import Any

from axes.helpers import get_client_ip_address
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.errors import Invalid
from team import sessions
from team.actions import change_password, edit_profile, set_shift
from team.forms import PasswordForm, ProfileForm, SignInForm
from team.holds import free_holds
from team.models import User
from team.pages import way_back
from team.roles import Role
from team.second_factor import factor_of
from team.sessions import Passed
from team.signin import attempts_left

COOKIE_AGE = 365 * 24 * 3600
THEME_COOKIE = "theme"
# Where each role starts (`ux.md`, section 3).
START_PAGES = {
    Role.OPERATOR: ("day", ""),
    Role.MANAGER: ("report-team", ""),
    Role.LAWYER: ("deal-list", "?view=board&owner=me"),
    Role.ADMIN: ("report-sources", ""),
}


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    name, query = START_PAGES[Role(request.user.role)]
    return redirect(reverse(name) + query)


class SignIn(LoginView):
    """Sign-in. Without «Не выходить 12 часов» the session ends with the browser, or after an hour without work."""

    template_name = "team/login.html"
    form_class = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: SignInForm) -> HttpResponse:
        stays = form.cleaned_data["remember"]
        if factor_of(form.get_user()) is not None:
            Passed(form.get_user().pk, stays, self.get_success_url()).remember(self.request.session)
            return redirect("login-code")
        response = super().form_valid(form)
        if not stays:
            self.request.session.set_expiry(0)
        address = get_client_ip_address(self.request)
        sessions.begin(self.request.session, form.get_user(), self.request.headers, address, stays=stays)
        return response

    def form_invalid(self, form: SignInForm) -> HttpResponse:
        left = attempts_left(self.request, form.cleaned_data.get("username", ""))
        return self.render_to_response(self.get_context_data(form=form, attempts_left=left), status=422)


class SignOut(LogoutView):
    """Sign-out. Whom they were calling becomes free."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if isinstance(request.user, User):
            free_holds(request.user.pk)
            sessions.forget(request.session.session_key)
        return super().post(request, *args, **kwargs)


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Name, e-mail, language and theme; the password has a form of its own on the same page."""
    form = ProfileForm(request.POST if request.method == "POST" else None, initial=_present(request.user))
    if form.is_valid():
        try:
            user = edit_profile(request.user.pk, form.cleaned_data)
        except Invalid as refusal:
            form.errors.update({name: form.error_class(said) for name, said in refusal.fields.items()})
        else:
            response = redirect("profile")
            translation.activate(user.language)
            _remember(response, settings.LANGUAGE_COOKIE_NAME, user.language)
            _remember(response, THEME_COOKIE, user.theme)
            messages.success(request, _("Saved"))
            return response
    return _profile_page(request, form=form, status=422 if form.errors else 200)


@login_required
@require_POST
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; other browsers are signed out by it, this one stays."""
    form = PasswordForm(request.user, request.POST)
    if not form.is_valid():
        return _profile_page(request, password_form=form, status=422)
    key = request.session.session_key
    sessions.end_others(request.user.pk, but=key)
    update_session_auth_hash(request, change_password(request.user.pk, form.cleaned_data["new"]))
    sessions.renamed(key, request.session.session_key)
    messages.success(request, _("The password is changed. Other browsers are signed out."))
    return redirect("profile")


@login_required
@require_POST
def end_session(request: HttpRequest) -> HttpResponse:
    """End a session of one's own: `place` is its number, or "others" for all but this one."""
    place = request.POST.get("place", "")
    if place == "others":
        sessions.end_others(request.user.pk, but=request.session.session_key)
    elif place.isascii() and place.isdecimal() and len(place) < 19:
        sessions.end_place(request.user.pk, int(place))
    messages.success(request, _("Ended"))
    return redirect("profile")


def _present(user: User) -> dict[str, Any]:
    language = user.language or translation.get_language()
    own = {name: getattr(user, name) for name in ("name", "email", "theme", "sound", "shortcuts")}
    return {**own, "language": language}


def _profile_page(request: HttpRequest, *, status: int, **forms: Any) -> HttpResponse:
    shown = {
        "form": ProfileForm(initial=_present(request.user)),
        "password_form": PasswordForm(request.user, auto_id="id_password_%s"),
        "factor": factor_of(request.user),
        "places": sessions.places_of(request.user, here=request.session.session_key),
        **forms,
    }
    return render(request, "team/profile.html", shown, status=status)


def _remember(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name, value, max_age=COOKIE_AGE, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
    )


def _choose(request: HttpRequest, field: str, cookie: str, known: list[str]) -> HttpResponseRedirect:
    """Keep a choice in the cookie, and in the profile of who is signed in; an unknown one changes nothing."""
    response = HttpResponseRedirect(way_back(request, reverse("home")))
    chosen = request.POST.get(field, "")
    if chosen in known:
        if request.user.is_authenticated:
            edit_profile(request.user.pk, {field: chosen})
        _remember(response, cookie, chosen)
    return response


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    return _choose(request, "language", settings.LANGUAGE_COOKIE_NAME, User.Language.values)


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    return _choose(request, "theme", THEME_COOKIE, User.Theme.values)


@login_required
@require_POST
def shift(request: HttpRequest) -> HttpResponse:
    """Go on line, on a break or off; an unknown word changes nothing."""
    try:
        set_shift(request.user.pk, request.POST.get("state", ""))
    except Invalid as refusal:
        messages.error(request, str(refusal))
    return HttpResponseRedirect(way_back(request, reverse("home")))
