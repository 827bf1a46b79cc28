"""`make run BITRIX24=fake`: what is entered in the product arrives at a portal that anyone can start."""

import urllib.request

import pytest

from crm import fake_portal
from tests.bitrix24.crm_of_portal import Crm
from tests.bitrix24.kept import read, write
from tests.crm.stack import Stack, wait_until


@pytest.mark.processes
def test_a_lead_arrives_at_the_fake_portal_beside_the_product(tmp_path) -> None:
    with Stack(tmp_path, {"BITRIX24": "fake"}) as stack:
        assert wait_until(stack.is_ready), stack.log.read_text()
        said = "import os; from leads.applications import *; from leads.intake import *"
        made = "register_lead(read_application({'phone': '+79160001122', 'source': 'site'}))"
        assert stack.manage("shell", "-v0", "-c", f"{said}; {made}").returncode == 0
        command = next(line for line in stack.processes().values() if fake_portal.MODULE in line)
        port = command.split("--port")[1].split()[0]

        def shown() -> str:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).read().decode()

        assert wait_until(lambda: "lead: 1" in shown() and "contact: 1" in shown()), stack.log.read_text()


def test_without_the_tests_it_ends_with_a_sentence(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(fake_portal, "MODULE", "absent.bitrix24.portal")
    with pytest.raises(SystemExit, match="BITRIX24=fake needs the folder tests/"):
        fake_portal.fake_portal(tmp_path, "http://127.0.0.1:8000/")


def test_what_it_has_outlives_it(tmp_path) -> None:
    before, after = Crm(lambda: 0.0), Crm(lambda: 0.0)
    number = before.somebody_adds(1, name="Ольга", fm=[{"typeId": "PHONE", "value": "+79160001122"}])
    write(before, tmp_path / "kept.json")
    read(after, tmp_path / "kept.json")
    assert after.items == before.items
    assert after.somebody_adds(1) > number
