"""How often applications and touches may be posted, per key and per address (THROTTLE_INTAKE)."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from crm.rates import Rate


class IntakeThrottle(BaseThrottle):
    """Counts posts of one key (or person) and of one address, each on its own; 429 with Retry-After beyond the rate.

    A lost cache starts counting anew and never stops intake (`reliability.md` F22). The address is the one that the
    trusted proxies report, see TRUSTED_PROXIES.
    """

    def __init__(self) -> None:
        self.seconds_left: float | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        rate: Rate | None = settings.THROTTLE_INTAKE
        if rate is None or request.method != "POST":
            return True
        caller = f"key:{request.auth.pk}" if request.auth else f"user:{request.user.pk}"
        waits = [self._count(name, rate) for name in (caller, f"address:{self.get_ident(request)}")]
        self.seconds_left = max(waits)
        return self.seconds_left <= 0

    def wait(self) -> float | None:
        """Seconds until the next try may pass."""
        return self.seconds_left

    def _count(self, name: str, rate: Rate) -> float:
        """Count one post; the seconds to wait if it is one too many, else 0.

        A window opens with the first post and lasts `rate.seconds`; its counter carries the window's beginning in its
        name, so that the two cannot come apart when one of them is lost.
        """
        now = time.time()
        window = f"intake:{name}"
        began = cache.get(window)
        if not isinstance(began, float) or now >= began + rate.seconds:
            began = now
            if not cache.add(window, began, rate.seconds):
                began = cache.get(window) or now
        counter = f"{window}:{began}"
        cache.add(counter, 0, rate.seconds + 1)
        try:
            count = cache.incr(counter)
        except ValueError:  # it ran out between the two lines
            return 0
        return began + rate.seconds - now if count > rate.count else 0
