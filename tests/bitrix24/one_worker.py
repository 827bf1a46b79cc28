"""A process that does what the mirror's job does, as often as it can, until it is killed."""

import time

import django

django.setup()

from bitrix24 import mirror  # noqa: E402

while True:
    mirror.push_due(within=2.0)
    time.sleep(0.05)
