"""How fast the portal may be called: a bucket of permissions that fills steadily, one for all processes together.

The portal counts calls by webhook and IP address (a counter that drains by 2 a second and must stay below 50, on the
usual plans), so the bucket lives in the broker's server. It starts empty: a flushed server gives nothing away.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

SECONDS_OF_BURST = 20  # what a quiet time saves up: 40 of the 50 calls that a usual plan takes at once
KEY = "bitrix24:bucket"
# KEYS[1] the bucket; ARGV: permissions a second, the most it holds. Answers how many milliseconds to wait: 0 = taken.
TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local rate, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local held = redis.call('HMGET', KEYS[1], 'level', 'at')
local level, at = tonumber(held[1]), tonumber(held[2])
if not level or not at or at > now then level, at = 1, now end
level = math.min(most, level + (now - at) * rate / 1000)
local wait = 0
if level >= 1 then level = level - 1 else wait = math.ceil((1 - level) * 1000 / rate) end
redis.call('HSET', KEYS[1], 'level', tostring(level), 'at', tostring(now))
redis.call('EXPIRE', KEYS[1], 3600)
return wait
"""


class Bucket(Protocol):
    def take(self) -> float:
        """Take one permission: 0.0, or the seconds after which to ask again."""


class LocalBucket:
    """A bucket of this process alone, for a machine without a broker."""

    def __init__(self, rate: int, now: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._now = now
        self._level = 1.0
        self._at = now()
        self._guard = threading.Lock()

    def take(self) -> float:
        with self._guard:
            now = self._now()
            filled = self._level + (now - self._at) * self._rate
            self._level, self._at = min(float(self._rate * SECONDS_OF_BURST), filled), now
            if self._level < 1:
                return (1 - self._level) / self._rate
            self._level -= 1
            return 0.0


class SharedBucket:
    """The bucket of all processes that use one Redis. While that is away, a bucket of this process stands in."""

    def __init__(self, rate: int, server: Any) -> None:
        self._rate = rate
        self._take = server.register_script(TAKE)
        self._alone = LocalBucket(rate)

    def take(self) -> float:
        try:
            return float(self._take(keys=[KEY], args=[self._rate, self._rate * SECONDS_OF_BURST])) / 1000
        except (RedisError, OSError) as error:
            logger.warning("the shared limit cannot be reached (%s): this process counts alone", type(error).__name__)
            return self._alone.take()


def bucket(address: str, rate: int, silence: float) -> Bucket:
    """The bucket for `rate` calls a second, in the Redis at `address` if any, which must answer in `silence` s."""
    if not address:
        return LocalBucket(rate)
    server = redis.Redis.from_url(
        address, socket_connect_timeout=silence, socket_timeout=silence, retry=Retry(NoBackoff(), 0)
    )
    return SharedBucket(rate, server)
