"""Pages of the second factor: the code after the password, setting an app up, new recovery codes, switching it off."""

from __future__ import annotations

from typing import Any

import segno
from axes.helpers import get_client_ip_address
from django import forms
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.template.defaultfilters import date as in_words
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from crm import clock
from crm.errors import Invalid
from crm.errors_web import explain
from team import second_factor, sessions
from team.models import SecondFactor, User
from team.second_factor import Answer, Judgement
from team.sessions import CONFIRMED, Passed

LONGEST_CODE = 40


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=LONGEST_CODE,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "autocapitalize": "none",
            }
        ),
    )


class EitherCodeForm(CodeForm):
    """The app's code or a recovery code, so letters may be typed too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["code"].widget.attrs["inputmode"]


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """After the password of somebody with a second factor: nobody is signed in before the code is right."""
    passed = Passed.of(request.session)
    user = User.objects.filter(pk=passed.user_id, is_active=True).first() if passed else None
    if passed is None or user is None:
        return redirect("login")
    form = EitherCodeForm(request.POST or None)
    if form.is_valid():
        judged = second_factor.judge(user.pk, form.cleaned_data["code"])
        if judged.answer == Answer.RIGHT:
            return _enter(request, user, passed)
        if judged.answer == Answer.CLOSED:
            return _closed(request, judged)
        form.add_error("code", _tries(judged))
    return render(request, "team/login_code.html", {"form": form}, status=422 if form.errors else 200)


def _enter(request: HttpRequest, user: User, passed: Passed) -> HttpResponse:
    Passed.forget(request.session)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    request.session[CONFIRMED] = True
    sessions.begin(request.session, user, request.headers, get_client_ip_address(request), stays=passed.stays)
    return redirect(passed.way_on)


def _tries(judged: Judgement) -> str:
    left = ngettext(
        "%(count)s attempt left, then codes are not taken for 15 minutes.",
        "%(count)s attempts left, then codes are not taken for 15 minutes.",
        judged.left,
    )
    return f"{_('The code does not fit.')} {left % {'count': judged.left}}"


def _closed(request: HttpRequest, judged: Judgement) -> HttpResponse:
    assert judged.closed_until is not None
    until = in_words(timezone.localtime(judged.closed_until), "H:i")
    told = {"title": _("Sign-in is closed until %(time)s") % {"time": until}, "detail": _("Too many wrong codes.")}
    response = render(request, "429.html", told, status=429)
    response["Retry-After"] = str(max(1, round((judged.closed_until - clock.now()).total_seconds())))
    return response


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor_page(request: HttpRequest) -> HttpResponse:
    """One's own second factor. `do`: `confirm` what is being set up, `renew` the recovery codes, switch it `off`."""
    user = request.user
    assert isinstance(user, User)
    factor = second_factor.factor_of(user)
    if factor is not None and second_factor.is_required(user) and not request.session.get(CONFIRMED):
        sessions.end_here(request)  # begun with the password alone, before the code was asked for
        return redirect("login")
    if request.method == "POST":
        return _confirm(request, user) if factor is None else _change(request, user, factor)
    return _show(request, user, factor)


def _confirm(request: HttpRequest, user: User) -> HttpResponse:
    form = CodeForm(request.POST)
    if form.is_valid():
        second_factor.begin(user.pk)
        try:
            codes = second_factor.confirm(user.pk, form.cleaned_data["code"], session=request.session.session_key)
        except Invalid as refusal:
            explain(form, refusal)
        else:
            key = request.session.session_key
            request.session.cycle_key()
            request.session[CONFIRMED] = True
            sessions.renamed(key, request.session.session_key)
            return _show_codes(request, codes)
    return _show(request, user, None, form=form, status=422)


def _change(request: HttpRequest, user: User, factor: SecondFactor) -> HttpResponse:
    form = EitherCodeForm(request.POST)
    if form.is_valid():
        judged = second_factor.judge(user.pk, form.cleaned_data["code"])
        if judged.answer == Answer.CLOSED:
            return _closed(request, judged)
        if judged.answer == Answer.WRONG:
            form.add_error("code", _tries(judged))
        elif request.POST.get("do") == "renew":
            return _show_codes(request, second_factor.renew_codes(user.pk))
        elif request.POST.get("do") == "off" and not second_factor.is_required(user):
            second_factor.end(user.pk, by=user)
            messages.success(request, _("The second factor is switched off"))
            return redirect("profile")
        else:
            form.add_error(None, _("The firm requires a second factor from your role."))
    return _show(request, user, factor, form=form, status=422)


def _show(
    request: HttpRequest, user: User, factor: SecondFactor | None, *, form: forms.Form | None = None, status: int = 200
) -> HttpResponse:
    shown: dict[str, Any] = {"factor": factor, "required": second_factor.is_required(user)}
    if factor is None:
        begun = second_factor.begin(user.pk)
        shown |= {
            "form": form or CodeForm(),
            "secret": second_factor.secret_in_words(begun),
            "picture": _picture(second_factor.address_for_apps(begun)),
        }
    else:
        shown |= {"form": form or EitherCodeForm(), "codes_left": second_factor.codes_left(factor)}
    return render(request, "team/second_factor.html", shown, status=status)


def _show_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    return render(request, "team/recovery_codes.html", {"codes": codes, "way_on": resolve_url("home")})


def _picture(text: str) -> SafeString:
    """A QR code as inline SVG: no style, no script, dark on white in either theme."""
    code = segno.make(text, error="m", micro=False)
    return mark_safe(code.svg_inline(scale=5, border=3, light="#fff", omitsize=True))
