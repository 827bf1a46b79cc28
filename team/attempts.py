"""A form that was sent: what it asks for is done once, or the form is to be shown again with what was refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from crm.errors import Forbidden, Invalid, Refused
from crm.errors_web import explain
from team.models import User
from team.once import once


def viewer(request: HttpRequest) -> User:
    """Who is signed in; the decorators of the views have seen to it that somebody is."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


@dataclass(frozen=True)
class Again:
    """The form is to be shown again, with this status; `conflict`: somebody else was faster."""

    status: int = 200
    conflict: bool = False


FIRST = Again()


def attempt(request: HttpRequest, form: Form, do: Callable[[], str]) -> HttpResponse | Again:
    """Run what a valid form asks for, once. A redirect to where it led; or the form, with what was refused beside its
    fields, is to be shown again.
    """
    if not form.is_valid():
        return Again(422)
    try:
        return HttpResponseRedirect(once(request, do))
    except Invalid as error:
        explain(form, error)
        return Again(422)
    except Forbidden as error:
        form.add_error(None, error.detail)
        return Again(403)
    except Refused as error:
        form.add_error(None, error.detail)
        return Again(409, conflict=error.code == "stale")
