"""The measure of the source report measures equal answers, on a small base of its own making."""

import pytest
from django.core.management import CommandError, call_command

from crm import bench_report
from tests.factories import lead


@pytest.mark.django_db
def test_it_fills_measures_and_compares(settings, capsys, monkeypatch) -> None:
    settings.DEBUG = True
    monkeypatch.setattr(bench_report, "TRIES", 1)
    call_command("benchreport", leads=12)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + 7 * 2
    assert "NOT EQUAL" not in "".join(lines)


@pytest.mark.django_db
@pytest.mark.usefixtures("catalogues")
def test_it_fills_only_an_empty_database(settings) -> None:
    settings.DEBUG = True
    lead()
    with pytest.raises(CommandError, match="an empty one"):
        call_command("benchreport", leads=40)
    with pytest.raises(CommandError, match="auditreport --mend"):
        call_command("benchreport")
