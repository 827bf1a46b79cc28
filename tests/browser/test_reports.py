"""What managers read in a real browser: the source report on one sheet of paper, the team's page that renews itself."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from leads.models import Lead
from sources.models import Source
from team.models import User
from tests.factories import ManagerFactory, OperatorFactory, lead, lead_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.once,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("catalogues"),
]

LANDSCAPE = (842, 595)  # A4 in points


def test_the_report_is_printed_on_one_landscape_page(as_user: Callable[[User], Page]) -> None:
    original = lead_in("contract_prepaid", source="site")
    repeat = lead(source="quiz", phone=original.phone)
    Lead.objects.bulk_create(
        [
            Lead(source=source, status="junk", junk_reason="duplicate", duplicate_of_id=repeat.duplicate_of_id)
            for source in Source.objects.all()
        ]
    )
    page = as_user(ManagerFactory())
    page.goto("/reports/sources/")
    expect(page.locator("tbody tr")).to_have_count(8)  # all that are shipped, each with duplicates below its number
    pdf = page.pdf(prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert [(round(float(width)), round(float(height))) for width, height in boxes] == [LANDSCAPE]
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 1


def test_the_team_renews_itself_each_minute_and_rows_stay(as_user: Callable[[User], Page]) -> None:
    anna, boris = OperatorFactory(name="Анна Белова"), OperatorFactory(name="Борис Громов")
    page = as_user(ManagerFactory())
    page.clock.install()
    page.goto("/reports/team/")
    rows = page.locator(".opertable tbody tr")
    expect(rows.nth(1)).to_contain_text(boris.name)
    expect(rows.nth(1).locator("td").nth(1)).to_have_text("0")
    for _ in range(3):
        lead(source="site", by=boris)
    page.clock.fast_forward("01:01")
    expect(rows.nth(1).locator("td").nth(1)).to_have_text("3")
    expect(rows.nth(0)).to_contain_text(anna.name)
    expect(page.locator("#team")).to_have_count(1)
