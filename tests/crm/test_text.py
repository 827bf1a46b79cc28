"""Cleaning and folding (D10, H01-H03, H05, H09, H14): what comes out can be stored anywhere and is found again."""

import json
import sys
import time
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crm.text import (
    MAX_INTEGER,
    MAX_MARKS,
    TooDeep,
    clean,
    clean_json,
    fold,
    is_clean,
    search_words,
)

# Everything, lone surrogates included, with the awkward parts more often than chance would have them.
AWKWARD = (
    "\x00\t\n\r\x85\u00ad\u0301\u0306\u0308\u034f\u200b\u200d\u202e\u2028\u2066\ufe0f\ufeff\ufffe\ud800\udfffйёЁ 🙂👩♂"
)
anything = st.text(st.one_of(st.characters(codec=None, exclude_categories=[]), st.sampled_from(AWKWARD)), max_size=60)
numbers = st.one_of(st.integers(), st.floats(), st.sampled_from([10**30, -(10**30), 10**300]))
json_like = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, anything),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(anything, inner, max_size=4)),
    max_leaves=12,
)


def storable(text):
    """What PostgreSQL asks of a text, and a little more: UTF-8 without NUL, and nothing a reader cannot see."""
    text.encode("utf-8")
    return "\x00" not in text and not any(
        unicodedata.category(char) in ("Cs", "Cc", "Cf") and char not in "\n\t\u200d" for char in text
    )


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("  Пётр  ", "Пётр"),
        ("и\u0306", "й"),
        ("и\u200b\u0306", "й"),
        ("Ива\x00нов", "Иванов"),
        ("Ива\ud800нов", "Иванов"),
        ("\udfff", ""),
        ("Ива\ufffeнов\U0001ffff", "Иванов"),
        ("\u202eвонавИ\u202c", "вонавИ"),
        ("\u2066Иван\u2069\u200e", "Иван"),
        ("Ив\u200dан\u200c \ufeffПе\u00adтров\u3164", "Иван Петров"),
        ("Иван\r\nПетров\tмладший", "Иван Петров младший"),
        ("+1", "+1"),
        ("a\x1bb\x7fc", "abc"),
        ("Анна 👨\u200d👩\u200d👧 ❤️\u200d🔥", "Анна 👨\u200d👩\u200d👧 ❤️\u200d🔥"),
    ],
)
def test_H14_hidden_and_broken_characters_are_dropped(raw, cleaned):
    assert clean(raw) == cleaned


def test_H14_a_pile_of_marks_is_cut():
    piled = clean("з" + "\u0334" * 1000 + "алго")
    assert piled == "з" + "\u0334" * MAX_MARKS + "алго"
    assert not is_clean("з" + "\u0334" * 1000)
    assert is_clean("Ngữ pháp")


def test_lines_are_kept_only_where_the_field_has_lines():
    assert clean("раз\r\nдва\rтри\u2028четыре\tпять\n", multiline=True) == "раз\nдва\nтри\nчетыре\tпять"
    assert clean("раз\r\nдва") == "раз два"
    assert is_clean("раз\r\nдва", multiline=True)
    assert not is_clean("раз\nдва")


def test_the_limit_counts_after_cleaning_and_leaves_no_blank_at_the_end():
    assert clean("\x00" * 50 + "Иван Петров", limit=5) == "Иван"
    assert clean("я" * 10_000, limit=200) == "я" * 200


@pytest.mark.parametrize("bad", ["а\x00", "а\ud800б", "а\u202eб", "а\u200bб", "а\ufffeб", "а\x1bб"])
def test_what_would_be_lost_is_not_clean(bad):
    assert not is_clean(bad)
    assert not is_clean(bad, multiline=True)


@pytest.mark.parametrize("good", ["", " Пётр ", "и\u0306", "🙂", "👨\u200d👩\u200d👧", "אב", "№ 1 — «да»", "Иванов\n"])
def test_what_would_not_be_lost_is_clean(good):
    assert is_clean(good)


@given(raw=anything, multiline=st.booleans(), limit=st.one_of(st.none(), st.integers(0, 20)))
@example(raw="👩\ufe0f\u200d♂", multiline=False, limit=3)
@example(raw="👩\u200d\u202e♂", multiline=False, limit=None)
def test_cleaned_text_is_clean_storable_and_stays_as_it_is(raw, multiline, limit):
    once = clean(raw, limit=limit, multiline=multiline)
    assert storable(once)
    assert once == unicodedata.normalize("NFC", once)
    assert is_clean(once, multiline=multiline)
    assert clean(once, limit=limit, multiline=multiline) == once
    assert limit is None or len(once) <= limit
    assert multiline or "\n" not in once


def test_every_control_and_format_character_of_unicode_is_covered():
    missed = [
        hex(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs") and clean(f"а{chr(code)}б") not in ("аб", "а б")
    ]
    assert missed == []


def test_H02_H03_free_form_json_is_cleaned_throughout():
    raw = json.loads(r'{"a\u0000": ["x\ud800", {"b": "\u202eс\u0306"}], "n": [1, 1.5, true, null], "a": "later"}')
    assert clean_json(raw) == {"a": ["x", {"b": "с\u0306"}], "n": [1, 1.5, True, None]}


def test_H09_numbers_no_database_can_hold_do_not_reach_it():
    raw = json.loads(f"[NaN, Infinity, -Infinity, 1e400, {2**63}, {'9' * 300}, {MAX_INTEGER}, {-MAX_INTEGER}]")
    assert clean_json(raw) == [None, None, None, None, str(2**63), None, MAX_INTEGER, -MAX_INTEGER]
    assert clean_json([10**5000, Decimal("NaN"), Decimal("1.5"), Decimal("1e5000")]) == [None, None, 1.5, None]


def test_H01_depth_is_refused_without_going_there():
    def nested(levels):
        value = "x"
        for level in range(levels):
            value = [value] if level % 2 else {"k": value}
        return value

    assert clean_json(nested(20)) == nested(20)
    with pytest.raises(TooDeep):
        clean_json(nested(21))
    with pytest.raises(TooDeep):
        clean_json(nested(3), depth=2)
    deep = nested(100_000)
    began = time.perf_counter()
    with pytest.raises(TooDeep):
        clean_json(deep)
    assert time.perf_counter() - began < 0.1


def test_what_is_no_json_becomes_null():
    assert clean_json({"a": b"1", "b": object(), "c": (1, 2)}) == {"a": None, "b": None, "c": [1, 2]}


@given(json_like)
def test_cleaned_json_can_be_stored_and_stays_as_it_is(raw):
    once = clean_json(raw)
    assert storable(json.dumps(once, ensure_ascii=False, allow_nan=False))
    assert clean_json(once) == once


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("ПЁТР", "Петр"),
        ("пе\u0308тр", "Пётр"),
        ("андреи\u0306", "Андрей"),
        ("Ｉｖａｎ", "ivan"),
        ("иванов\u00a0  пётр", "Иванов Пётр"),
        ("STRASSE", "Straße"),
    ],
)
def test_H14_search_finds_both_spellings(typed, stored):
    assert fold(typed) == fold(stored)


def test_й_is_not_и():
    assert fold("бойко") != fold("боико")


@given(anything)
def test_folding_twice_changes_nothing(raw):
    folded = fold(clean(raw))
    assert fold(folded) == folded
    assert storable(folded)
    assert "ё" not in folded


def test_H05_a_search_has_at_most_200_characters_and_10_words():
    assert search_words(" Пётр \u200b ИВАНОВ ") == ["петр", "иванов"]
    assert search_words("") == []
    assert len(search_words("а " * 10)) == 10
    assert search_words("я" * 200) == ["я" * 200]
    for too_much in ("а " * 11, "я" * 201, "слово " * 3000):
        with pytest.raises(ValueError, match="200"):
            search_words(too_much)
