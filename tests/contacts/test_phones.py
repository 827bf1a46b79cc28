"""The phone table (T01-T29) on the parser alone; the doors have tests of their own."""

from collections import Counter

import pytest

from contacts.phones import parse
from tests.contacts.phone_table import CASES, case_id


def row(row_id):
    """All inputs of one row of the table."""
    cases = [case for case in CASES if case.id == row_id]
    return pytest.mark.parametrize("case", cases, ids=case_id)


def read(raw):
    phones = parse(raw)
    return phones.main, phones.others, phones.extension


def expected(case):
    return case.main, case.others, case.extension


def test_the_table_has_112_inputs_in_29_rows():
    assert len(CASES) == 112
    assert len({case.id for case in CASES}) == 29
    assert len({case.raw for case in CASES}) == 112
    assert Counter(case.main is None for case in CASES) == {False: 74, True: 38}


@row("T01")
def test_T01_plain_mobile(case):
    assert read(case.raw) == expected(case)


@row("T02")
def test_T02_usual_punctuation(case):
    assert read(case.raw) == expected(case)


@row("T03")
def test_T03_odd_dashes_and_blanks(case):
    assert read(case.raw) == expected(case)


@row("T04")
def test_T04_plus_before_the_trunk_8(case):
    assert read(case.raw) == expected(case)


@row("T05")
def test_T05_trunk_8_after_the_country_code(case):
    assert read(case.raw) == expected(case)


@row("T06")
def test_T06_country_code_doubled_by_a_mask(case):
    assert read(case.raw) == expected(case)


@row("T07")
def test_T07_international_prefix(case):
    assert read(case.raw) == expected(case)


@row("T08")
def test_T08_city_small_town_and_free_phone(case):
    assert read(case.raw) == expected(case)


@row("T09")
def test_T09_kazakhstan(case):
    assert read(case.raw) == expected(case)


@row("T10")
def test_T10_abroad(case):
    assert read(case.raw) == expected(case)


@row("T11")
def test_T11_extension_is_kept_apart(case):
    assert read(case.raw) == expected(case)


@row("T12")
def test_T12_spreadsheet_number_as_text(case):
    assert read(case.raw) == expected(case)


@row("T13")
def test_T13_spreadsheet_text_guards(case):
    assert read(case.raw) == expected(case)


@row("T14")
def test_T14_number_rounded_by_a_spreadsheet(case):
    assert read(case.raw) == expected(case)


@row("T15")
def test_T15_labels_around_the_number(case):
    assert read(case.raw) == expected(case)


@row("T16")
def test_T16_address_forms(case):
    assert read(case.raw) == expected(case)


@row("T17")
def test_T17_hidden_characters(case):
    assert read(case.raw) == expected(case)


@row("T18")
def test_T18_digits_of_other_scripts(case):
    assert read(case.raw) == expected(case)


@row("T19")
def test_T19_two_numbers_in_a_cell(case):
    assert read(case.raw) == expected(case)


@row("T20")
def test_T20_shared_tail(case):
    assert read(case.raw) == expected(case)


@row("T21")
def test_T21_letters_inside_the_number(case):
    assert read(case.raw) == expected(case)


@row("T22")
def test_T22_too_short(case):
    assert read(case.raw) == expected(case)


@row("T23")
def test_T23_too_long(case):
    assert read(case.raw) == expected(case)


@row("T24")
def test_T24_unfinished_mask(case):
    assert read(case.raw) == expected(case)


@row("T25")
def test_T25_not_in_any_plan(case):
    assert read(case.raw) == expected(case)


@row("T26")
def test_T26_placeholders(case):
    assert read(case.raw) == expected(case)


@row("T27")
def test_T27_service_and_hidden_callers(case):
    assert read(case.raw) == expected(case)


@row("T28")
def test_T28_empty_and_words(case):
    assert read(case.raw) == expected(case)


@row("T29")
def test_T29_attacks_and_floods(case):
    assert read(case.raw) == expected(case)
