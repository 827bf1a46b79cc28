"""Calls of the portal over HTTPS: one POST, one answer, sorted into what it means. Knows no tables.

A call is sent once. Nothing here repeats it, but for a renamed portal's redirect, which says that it was not taken: who
asked decides, because a creation that seems to have failed may have happened (`outcomes.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx

from bitrix24.address import Webhook
from bitrix24.limits import Bucket
from bitrix24.outcomes import Gone, Limited, Locked, MethodForbidden, MethodLimited, Outcome, Refusal, Unclear, Unsent
from crm import clock

TIMEOUT = httpx.Timeout(30.0, connect=5.0)
MOST_REDIRECTS = 3
USUAL_METHOD_PAUSE = timedelta(minutes=2)
LONGEST_METHOD_PAUSE = timedelta(minutes=11)  # the portal counts in ten buckets of a minute
MOST_WORDS = 500  # of the portal's text that are kept

LOCKING = {"NO_AUTH_FOUND", "INVALID_CREDENTIALS", "EXPIRED_TOKEN", "INVALID_TOKEN", "OVERLOAD_LIMIT", "PORTAL_DELETED"}
FORBIDDING = {"INSUFFICIENT_SCOPE", "USER_ACCESS_ERROR", "ALLOWED_ONLY_INTRANET_USER", "WRONG_AUTH_TYPE"}
FAULTS = {"INTERNAL_SERVER_ERROR", "ERROR_UNEXPECTED_ANSWER"}  # in a batch the status does not tell
MISSING = {"NOT_FOUND", "OWNER_NOT_FOUND", "ERROR_NOT_FOUND"}
MISSING_IN_WORDS = {"not found", "activity is not found"}


class Portal:
    """One portal through one webhook. Keeps connections open, so make it once and close it."""

    def __init__(
        self,
        webhook: Webhook,
        bucket: Bucket,
        *,
        sleep: Callable[[float], None] = time.sleep,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        self.configured = webhook  # as the settings have it, by which a line that stopped is known
        self.webhook = webhook  # where calls go
        self.moved_to = ""  # the host that a renamed portal has sent us to
        self._bucket = bucket
        self._sleep = sleep
        self._http = httpx.Client(
            timeout=timeout,
            follow_redirects=False,  # that would repeat a POST as a GET
            trust_env=False,
            transport=httpx.HTTPTransport(retries=0),
            headers={"Accept": "application/json", "User-Agent": "crm-mirror/1"},
        )

    def __repr__(self) -> str:
        return f"<Portal {self.webhook}>"

    def close(self) -> None:
        self._http.close()

    def wait_for_turn(self) -> None:
        """Sleep until the portal's limit leaves room for one call, and take that room."""
        while wait := self._bucket.take():
            self._sleep(wait)

    def call(self, method: str, params: dict[str, Any] | None = None) -> Any:
        """What the portal answers as `result`. Raises an Outcome. Call `wait_for_turn` before."""
        return self.answer(method, params)["result"]

    def answer(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """The whole envelope of a successful answer: result, and for lists total and next. Raises an Outcome."""
        for _redirect in range(MOST_REDIRECTS + 1):
            response = self._post(method, params or {})
            if response.status_code not in {301, 302, 307, 308}:
                return self._read(response)
            try:
                self.webhook = self.webhook.moved(str(response.url.join(response.headers.get("Location", ""))), method)
            except ValueError as error:
                raise Locked(f"HTTP {response.status_code}: {error}") from None
            self.moved_to = self.webhook.portal
        raise Locked("the portal sends its callers in a circle")

    def _post(self, method: str, params: dict[str, Any]) -> httpx.Response:
        # The error's own text may hold the address, so that only its class is told; its chain is cut for that reason.
        try:
            return self._http.post(self.webhook.method(method), json=params)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unsent(type(error).__name__) from None
        except httpx.HTTPError as error:
            raise Unclear(type(error).__name__) from None

    def _read(self, response: httpx.Response) -> dict[str, Any]:
        status = response.status_code
        try:
            body = response.json()
        except ValueError:
            raise self._without_json(status) from None
        if not isinstance(body, dict) or ("result" not in body and "error" not in body):
            raise self._without_json(status)
        if status < 400 and "error" not in body:
            return body
        code, text = body.get("error") or "", body.get("error_description") or ""
        raise self._failure(status, str(code), str(text), body)

    def _without_json(self, status: int) -> Outcome:
        if status == 401:
            return Locked("HTTP 401")
        return Unclear(f"HTTP {status}, and no JSON in the answer" if status >= 300 else "the answer is cut off")

    def failure(self, said: Any) -> Outcome:
        """What one command of a batch came to that did not succeed: its entry in `result_error`."""
        body = said if isinstance(said, dict) else {"error_description": str(said)}
        return self._failure(400, str(body.get("error") or ""), str(body.get("error_description") or ""), body)

    def _failure(self, status: int, code: str, text: str, body: dict[str, Any]) -> Outcome:
        told = self.webhook.words_without(f"{code}: {text}" if code and text else code or text)[:MOST_WORDS]
        name = code.upper()
        if name == "QUERY_LIMIT_EXCEEDED":
            return Limited(told)
        if name == "OPERATION_TIME_LIMIT" or status == 429:
            return MethodLimited(told, _reset(body))
        if status == 401 or name in LOCKING or (status == 403 and name == "ACCESS_DENIED"):
            return Locked(told)
        if status == 403 or name in FORBIDDING:
            return MethodForbidden(told)
        if status >= 500 or name in FAULTS:
            return Unclear(told)
        # Classic methods often leave the code empty and say it in words only.
        if name in MISSING or (not name and text.strip(" .").lower() in MISSING_IN_WORDS):
            return Gone(status, code, told)
        return Refusal(status, code, told)


def bracketed(params: dict[str, Any]) -> str:
    """Parameters as a batch wants them in each of its commands: `fields[fm][n0][value]=…`, encoded once."""
    return urlencode(list(_flat("", params)))


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict | list | tuple):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _flat(f"{name}[{key}]" if name else str(key), inner)
    elif isinstance(value, bool):
        yield name, "Y" if value else "N"
    else:
        yield name, "" if value is None else str(value)


def _reset(body: dict[str, Any]) -> datetime:
    """When the method may be called again, as the answer says, within reason."""
    now = clock.now()
    times = body.get("time")
    try:
        at = datetime.fromtimestamp(float(times["operating_reset_at"]), UTC)  # type: ignore[index]
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return now + USUAL_METHOD_PAUSE
    return min(max(at, now + timedelta(seconds=1)), now + LONGEST_METHOD_PAUSE)
