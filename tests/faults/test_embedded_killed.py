"""SQLite's one writer: twenty people write at a time and the process is killed while it writes (F21)."""

import contextlib
import os
import signal
import time
from pathlib import Path
from random import Random

import pytest
from django.db import connection

from leads.models import Lead
from tests.crm.stack import free_port
from tests.factories import ApiKeyFactory
from tests.faults.load import Load
from tests.faults.web import Web
from tests.programs import database_url
from tests.promises import broken
from tests.sizes import size

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
PEOPLE = 20
KILLS = size(10, 100)


def test_F21_nothing_confirmed_is_lost_and_nobody_hears_of_a_lock(tmp_path: Path, catalogues: None) -> None:
    luck = Random(PEOPLE)
    broker = f"redis://127.0.0.1:{free_port()}/0"
    key = ApiKeyFactory().secret
    with Web(tmp_path, {"DATABASE_URL": database_url(), "REDIS_URL": broker}, workers=2) as web:
        web.key = key
        load = Load([web], PEOPLE)
        with load.running():
            for number in range(KILLS):
                load.wait_for(more=5)
                time.sleep(luck.uniform(0, 0.05))
                if number == KILLS // 2:  # the whole program, as when the machine stops
                    web.kill("web")
                    web.start("web")
                    continue
                for pid in web.processes()[1:]:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            load.wait_for(more=PEOPLE)
        assert load.failures == []
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert load.lost_or_doubled() == []
    assert Lead.objects.count() >= load.taken() / 2
    assert broken() == {}
