"""What the source report counts, over leads that went through the verbs."""

import io

import pytest
from openpyxl import load_workbook

from crm.errors import Invalid
from crm.sheets import Table, to_csv, to_xlsx
from leads.counting import Basis, Counted, Scope
from reports.sources import Filters, source_report
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogues")]


@pytest.mark.parametrize("basis", Basis)
def test_a_prepaid_lead_counts_in_each_column_it_passed(basis: Basis, frozen, django_assert_num_queries) -> None:
    factories.move(factories.lead_in("meeting"), "visit")
    factories.lead_in("contract_prepaid")
    factories.lead(phone="8 937 000-60-27")
    factories.lead(phone="8 937 000-60-27")
    filters = Filters.read({"basis": basis.value})
    with django_assert_num_queries(3):
        report = source_report(filters)
    counts = report.totals
    assert (counts.leads, counts.appointments, counts.visits, counts.contracts, counts.contracts_prepaid) == (
        4, 1, 2, 1, 1,
    )  # fmt: skip
    without = source_report(Filters.read({"basis": basis.value, "duplicates": "exclude"})).totals
    assert counts.leads - without.leads == counts.duplicates == 1


def test_bad_values_are_named_by_parameter(frozen) -> None:
    given = {"counted": "x", "from": "2026-13-01", "basis": "y", "source": "?", "responsible": "z", "duplicates": "0"}
    with pytest.raises(Invalid) as refused:
        Counted.read(given)
    assert set(refused.value.fields) == set(given)


def test_without_dates_it_is_this_month_so_far(frozen) -> None:
    scope = Scope.read({})
    assert (scope.period.start.isoformat(), scope.period.end.isoformat()) == ("2026-11-01", "2026-11-24")
    assert Scope.read(scope.params()) == scope


def test_no_formula_is_live_in_a_file() -> None:
    table = Table("Отчёт", "Период", ["Имя", "Лидов"], [["=cmd|' /C calc'!A0", 3], ["a\x00\ud800\ufffe", 1]])
    rows = list(load_workbook(io.BytesIO(to_xlsx(table))).active.iter_rows())
    assert (rows[2][0].value, rows[2][0].data_type, rows[2][1].value) == ("=cmd|' /C calc'!A0", "s", 3)
    assert rows[3][0].value == "a"
    text = to_csv(table).decode("utf-8-sig")
    assert "'=cmd|" in text
