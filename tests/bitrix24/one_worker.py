"""A process that does what the mirror's job does, as often as it can, until it is killed."""

import time

import django
import httpx

django.setup()

from django.conf import settings  # noqa: E402

from bitrix24 import limits, mirror  # noqa: E402
from bitrix24.address import Webhook  # noqa: E402
from bitrix24.client import Portal  # noqa: E402


def impatient(webhook: Webhook) -> Portal:
    """As `mirror.connect`, but a call that hangs is given up after a second."""
    bucket = limits.bucket(settings.REDIS_URL, settings.BITRIX24_RATE, settings.SILENCE)
    return Portal(webhook, bucket, timeout=httpx.Timeout(1.0))


mirror.connect = impatient
while True:
    mirror.push_due(within=2.0)
    time.sleep(0.05)
