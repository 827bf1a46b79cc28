"""The calls made for one object: each within the portal's limits and the object's lease, with every outcome turned into
what becomes of the object's mark. Which calls are made is said in `push.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bitrix24 import line
from bitrix24.client import Portal
from bitrix24.models import Line
from bitrix24.outcomes import Limited, Locked, MethodForbidden, MethodLimited, Outcome, Unclear, Unsent
from crm import clock
from outbox.delivery import Closed, Failed, Held, Later

PROBE = "crm.settings.mode.get"  # cheap, and in the scope that the mirror needs anyhow
READS = (".list", ".get", ".findbycomm")
FORBIDDEN_FOR = timedelta(hours=1)


@dataclass
class Session:
    """The portal, on behalf of one object that this worker holds."""

    portal: Portal
    held: Held

    def call(self, method: str, **params: Any) -> Any:
        """The result of a call. Raises Refusal or Gone for the caller to judge; Later, Failed or Closed otherwise."""
        try:
            return self.call_once(method, **params)
        except Unclear as unclear:
            if not method.endswith(READS):
                raise self.judged(unclear) from None
        try:
            return self.call_once(method, **params)  # a question may be asked again at once
        except Unclear as unclear:
            raise self.judged(unclear) from None

    def call_once(self, method: str, **params: Any) -> Any:
        """The same, with Unclear left to a caller who has to remember what may have happened."""
        now = clock.now()
        if until := Line.current().method_paused_until(method, now):
            raise Later(until)
        self.portal.wait_for_turn()
        self.held.renew()
        try:
            result = self.portal.call(method, params)
        except (Limited, Unsent) as outcome:
            line.pause()
            raise Closed(str(outcome)) from None
        except MethodLimited as outcome:
            line.pause_method(method, outcome.until)
            raise Later(outcome.until, str(outcome)) from None
        except MethodForbidden as outcome:
            line.pause_method(method, now + FORBIDDEN_FOR)
            line.alarm(f"forbidden:{method}", f"{method}: {outcome}")
            raise Later(now + FORBIDDEN_FOR, str(outcome)) from None
        except Locked as outcome:
            line.stop(self.portal.webhook, str(outcome))
            raise Closed(str(outcome)) from None
        line.answered()
        if self.portal.moved_to:
            line.alarm(f"moved:{self.portal.moved_to}"[:100], self.portal.moved_to)
        return result

    def judged(self, unclear: Unclear) -> Exception:
        """Whose fault an unclear failure is: the portal's if it fails the simplest question too, else the object's."""
        try:
            self.portal.wait_for_turn()
            self.portal.call(PROBE)
        except Locked as outcome:
            line.stop(self.portal.webhook, str(outcome))
            return Closed(str(outcome))
        except Outcome as outcome:
            line.pause()
            return Closed(str(outcome))
        return Failed(str(unclear))
