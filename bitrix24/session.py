"""The calls made for an object: each within the portal's limits and the object's lease, with every outcome turned into
what becomes of the object's mark. Which calls are made is said in `push.py` and its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

from bitrix24 import line
from bitrix24.client import Portal, bracketed
from bitrix24.models import Line
from bitrix24.outcomes import Limited, Locked, MethodForbidden, MethodLimited, Outcome, Refusal, Unclear, Unsent
from crm import clock
from outbox.delivery import Closed, Failed, Later

T = TypeVar("T")
PROBE = "crm.settings.mode.get"  # cheap, and in the scope that the mirror needs anyhow
READS = (".list", ".get", ".findbycomm")
FORBIDDEN_FOR = timedelta(hours=1)
PERSONAL = {"name", "value", "values", "comments", "COMMENT", "title", "SUBJECT", "sourceDescription", "EMAIL"}
SHORTEST = 3  # characters: what is shorter tells nobody who it is
MOST_SECONDS = 336.0
"""Of a method's time in ten minutes, after which it is left alone: 80 % of the least limit that is known, 420 s."""


class Keeps(Protocol):
    """What is held while calls are made for it."""

    def renew(self) -> None:
        """Keep it for longer. Raises LeaseLost."""


class Nothing:
    """For calls that are made for no object: a comparison, a look for news."""

    def renew(self) -> None:
        return None


def without_values(text: str, sent: Any) -> str:
    """The portal's words without the personal data that was sent: it likes to repeat what it does not take."""
    for value in sorted(_personal(sent), key=len, reverse=True):
        text = text.replace(value, "…")
    return text


def _personal(sent: Any, name: str = "") -> set[str]:
    if isinstance(sent, dict):
        return {value for key, inner in sent.items() for value in _personal(inner, str(key) if key != "fields" else "")}
    if isinstance(sent, list | tuple):
        return {value for inner in sent for value in _personal(inner, name)}
    return {sent} if isinstance(sent, str) and name in PERSONAL and len(sent) >= SHORTEST else set()


@dataclass(frozen=True)
class Answers:
    """Of a batch, by the commands' names. What is in neither map may have been done or not."""

    results: dict[str, Any]
    failures: dict[str, Outcome]


@dataclass
class Session:
    """The portal, on behalf of what this worker holds. `memory` outlives the session: codes and people."""

    portal: Portal
    held: Keeps
    memory: dict[Hashable, Any] = field(default_factory=dict)

    def once(self, key: Hashable, read: Callable[[], T]) -> T:
        """What `read` answered the first time it was asked in this run."""
        if key not in self.memory:
            self.memory[key] = read()
        known: T = self.memory[key]
        return known

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
        body = self._answer(method, params, [method])
        self._watch(method, body.get("time"))
        return body["result"]

    def page(self, method: str, **params: Any) -> tuple[Any, int | None]:
        """A list's page and where the next one starts. Raises as `call`."""
        try:
            body = self._answer(method, params, [method])
        except Unclear as unclear:
            raise self.judged(unclear) from None
        return body["result"], body.get("next")

    def batch(self, commands: Mapping[str, tuple[str, dict[str, Any]]]) -> Answers:
        """Several calls as one request, at most 50. Raises Unclear too: then each of them may have been done."""
        cmd = {name: f"{method}?{bracketed(params)}" for name, (method, params) in commands.items()}
        methods = sorted({method for method, _params in commands.values()})
        result = self._answer("batch", {"halt": 0, "cmd": cmd}, ["batch", *methods])["result"]
        # An empty map comes as an empty list.
        told, wrong, times = (result.get(name) or {} for name in ("result", "result_error", "result_time"))
        failures: dict[str, Outcome] = {}
        for name, said in wrong.items() if isinstance(wrong, dict) else ():
            outcome = failures[name] = self.portal.failure(said)
            if isinstance(outcome, MethodLimited):
                line.pause_method(commands[name][0], outcome.until)
        for name, spent in times.items() if isinstance(times, dict) else ():
            if name in commands:
                self._watch(commands[name][0], spent)
        return Answers(told if isinstance(told, dict) else {}, failures)

    def _answer(self, method: str, params: dict[str, Any], methods: list[str]) -> dict[str, Any]:
        try:
            return self._sent(method, params, methods)
        except Outcome as outcome:
            outcome.args = (without_values(str(outcome), params),)
            raise

    def _sent(self, method: str, params: dict[str, Any], methods: list[str]) -> dict[str, Any]:
        now = clock.now()
        state = Line.current()
        if pauses := [until for name in methods if (until := state.method_paused_until(name, now))]:
            raise Later(max(pauses))
        self.portal.wait_for_turn()
        self.held.renew()
        try:
            body = self.portal.answer(method, params)
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
            line.stop(self.portal.configured, str(outcome))
            raise Closed(str(outcome)) from None
        except Refusal:
            line.answered(state)
            raise
        line.answered(state)
        if self.portal.moved_to:
            line.moved(self.portal.configured, self.portal.moved_to)
        return body

    def _watch(self, method: str, times: Any) -> None:
        """Leave a method alone before the portal refuses it."""
        try:
            spent, reset = float(times["operating"]), datetime.fromtimestamp(float(times["operating_reset_at"]), UTC)
        except (KeyError, TypeError, ValueError, OverflowError, OSError):
            return  # older modules do not say it
        if spent >= MOST_SECONDS and reset > clock.now():
            line.pause_method(method, reset)

    def judged(self, unclear: Unclear) -> Exception:
        """Whose fault an unclear failure is: the portal's if it fails the simplest question too, else the object's."""
        try:
            self.portal.wait_for_turn()
            self.portal.call(PROBE)
        except Locked as outcome:
            line.stop(self.portal.configured, str(outcome))
            return Closed(str(outcome))
        except Outcome as outcome:
            line.pause()
            return Closed(str(outcome))
        return Failed(str(unclear))

    def require_portal(self, unclear: Unclear) -> None:
        """After an unclear outcome: return when it is this call's alone. Raises Closed when it is the portal's."""
        outcome = self.judged(unclear)
        if isinstance(outcome, Closed):
            raise outcome from None
