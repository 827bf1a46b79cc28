"""A cache in Redis that forgives: while the server cannot be reached, reads find nothing and writes are dropped.

The cache speeds things up and counts for throttles; intake and sign-in must go on without it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import TimeoutError as NoAnswer

logger = logging.getLogger(__name__)

GONE, STORED = False, True  # what Django's cache answers for a key that is not there, and for one just added
PAUSE_AFTER_FAILURE = 5.0  # seconds without a try, so that a server that swallows connections is waited for only once


class ForgivingRedisCache(RedisCache):
    """Django's RedisCache, with the server's absence answered like an empty cache."""

    _silent_until = 0.0  # time.monotonic(); on the class, because Django keeps one object per thread

    def _forgive(self, absent: Any, operation: Callable[..., Any], *args: Any, **options: Any) -> Any:
        if time.monotonic() < ForgivingRedisCache._silent_until:
            return absent
        try:
            return operation(*args, **options)
        except (NoConnection, NoAnswer) as error:
            ForgivingRedisCache._silent_until = time.monotonic() + PAUSE_AFTER_FAILURE
            logger.warning("the cache cannot be reached (%s)", type(error).__name__)
            return absent

    def add(self, key: str, value: Any, *args: Any, **options: Any) -> Any:
        """True as if stored: a caller who takes the first place by `add` gets it."""
        return self._forgive(STORED, super().add, key, value, *args, **options)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """The stored value, or `default` when there is none or no server."""
        return self._forgive(default, super().get, key, default, version)

    def set(self, *args: Any, **options: Any) -> Any:
        """Store if the server is there."""
        return self._forgive(None, super().set, *args, **options)

    def touch(self, *args: Any, **options: Any) -> Any:
        """Prolong a value's life; False when there is none or no server."""
        return self._forgive(GONE, super().touch, *args, **options)

    def delete(self, *args: Any, **options: Any) -> Any:
        """Remove; False when there was nothing or no server."""
        return self._forgive(GONE, super().delete, *args, **options)

    def get_many(self, *args: Any, **options: Any) -> Any:
        """What is stored of the keys; nothing when there is no server."""
        return self._forgive({}, super().get_many, *args, **options)

    def has_key(self, *args: Any, **options: Any) -> Any:
        """Whether it is stored; False when there is no server."""
        return self._forgive(GONE, super().has_key, *args, **options)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> Any:
        """Count on; without a server the count starts and stays at `delta`. Raises ValueError for an absent key."""
        return self._forgive(delta, super().incr, key, delta, version)

    def set_many(self, data: dict[Any, Any], *args: Any, **options: Any) -> Any:
        """Store several; the keys that were not stored are answered."""
        return self._forgive(list(data), super().set_many, data, *args, **options)

    def delete_many(self, *args: Any, **options: Any) -> Any:
        """Remove several if the server is there."""
        return self._forgive(None, super().delete_many, *args, **options)

    def clear(self) -> Any:
        """Remove all; False when there is no server."""
        return self._forgive(GONE, super().clear)
