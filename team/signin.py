"""Signing in: by login or work e-mail, and how near somebody is to being locked out (counted by django-axes)."""

from __future__ import annotations

from datetime import datetime, timedelta

from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from team.models import User


def username_for(typed: str) -> str:
    """The login that was meant: itself, or that of the one active colleague with this e-mail; else as typed."""
    if "@" not in typed:
        return typed
    owners = User.objects.filter(email__iexact=typed, is_active=True).exclude(username=typed)
    found = list(owners.values_list("username", flat=True)[:2])
    # An address that two people share is nobody's login.
    return found[0] if len(found) == 1 and not User.objects.filter(username=typed).exists() else typed


def attempts_left(request: HttpRequest, username: str) -> int | None:
    """How many wrong passwords are still allowed for this name from this address; None without a limit."""
    if settings.THROTTLE_LOGIN is None:
        return None
    failures = AxesProxyHandler.get_failures(request, {"username": username})
    return max(0, settings.THROTTLE_LOGIN.count - failures)


def closed_until(request: HttpRequest) -> datetime:
    """When sign-in opens again for who was locked out by this request (aware). The whole wait if that is not known."""
    assert settings.THROTTLE_LOGIN is not None, "without a limit nobody is locked out"
    wait = timedelta(seconds=settings.THROTTLE_LOGIN.seconds)
    credentials = getattr(request, "axes_credentials", None) or {}
    attempts = AccessAttempt.objects.filter(
        username=credentials.get("username"), ip_address=getattr(request, "axes_ip_address", None)
    )
    last = attempts.order_by("-attempt_time").values_list("attempt_time", flat=True).first()
    return (last or timezone.now()) + wait
