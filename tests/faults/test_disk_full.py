"""No room on the disk: changes are refused as long as it lasts, all else goes on, and nothing has to be mended."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import Client

from leads.models import ImportFile, Lead
from tests.crm.stack import free_port
from tests.factories import AdminFactory, ApiKeyFactory
from tests.faults.web import Web
from tests.programs import database_url
from tests.promises import broken
from tests.races import ON_POSTGRES

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
FULL = 100  # bytes that a file may have: less than any file of ours has already


@pytest.fixture
def web(tmp_path: Path, catalogues: None) -> Iterator[Web]:
    broker = f"redis://127.0.0.1:{free_port()}/0"
    # DEBUG, since the pages of production need the collected static files
    with Web(tmp_path, {"DATABASE_URL": database_url(), "REDIS_URL": broker, "DEBUG": "1"}) as web:
        web.key = ApiKeyFactory().secret
        yield web


def upload(web: Web, cookies: dict[str, str]) -> int:
    """Bring a file in as somebody who is signed in; answers the status."""
    token = "a" * 32
    parts = {"kind": "leads", "csrfmiddlewaretoken": token}
    body = "".join(
        f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts.items()
    )
    body += '--edge\r\nContent-Disposition: form-data; name="file"; filename="base.csv"\r\n\r\n'
    body += "Телефон;Источник\r\n" + "+79161234567;site\r\n" * 50 + "\r\n--edge--\r\n"
    sent = {**cookies, django_settings.CSRF_COOKIE_NAME: token}
    headers = {
        "Content-Type": "multipart/form-data; boundary=edge",
        "Cookie": "; ".join(f"{name}={value}" for name, value in sent.items()),
        "Authorization": "",
    }
    return web.ask("POST", "/imports/", body.encode(), headers).status


def test_F15_F16_a_full_disk_stops_changes_alone_and_is_forgotten_once_there_is_room(web: Web) -> None:
    browser = Client()
    browser.force_login(AdminFactory())
    cookies = {name: morsel.value for name, morsel in browser.cookies.items()}
    assert web.post_lead("before", 1).status == 201
    logged = web.log.stat().st_size
    web.may_write(FULL)
    during = web.post_lead("during", 2)
    if ON_POSTGRES:  # the database's disk is another one
        assert during.status == 201, during.body
    else:
        assert during.status == 503, during.body
        assert during.json["code"] == "busy"
        assert int(during.headers["Retry-After"]) > 0
    reading = web.get("/api/v1/leads/")
    assert reading.status == 200
    assert web.log.stat().st_size <= max(logged, FULL), "requests go on without logs"
    assert upload(web, cookies) == 507
    assert not ImportFile.objects.exists()
    assert not [path for path in (web.folder / "private").glob("*") if path.is_file()]
    web.may_write(None)
    assert web.post_lead("during", 2).status == (200 if ON_POSTGRES else 201)
    assert upload(web, cookies) == 302
    assert Lead.objects.count() == 2
    assert broken() == {}
