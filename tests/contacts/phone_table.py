"""The table of phone spellings that every door has to read alike: the parser's tests and the doors' tests share it.

`raw` is exactly what is typed or sent; hidden characters are written as escapes. `main` None means "refuse".
"""

from dataclasses import dataclass

MOBILE = "+79161234567"
OFFICE = "+74951234567"
SECOND = "+79031234567"


@dataclass(frozen=True)
class Case:
    id: str
    raw: str
    main: str | None
    others: tuple[str, ...] = ()
    extension: str = ""


def row(row_id: str, main: str | None, *raws: str, others: tuple[str, ...] = (), extension: str = "") -> list[Case]:
    """One row of the table, or the part of it that has one result."""
    return [Case(row_id, raw, main, others, extension) for raw in raws]


CASES: list[Case] = [
    # Plain mobile
    *row("T01", MOBILE, "+79161234567", "89161234567", "79161234567", "9161234567"),
    # Usual punctuation
    *row("T02", MOBILE, "8 (916) 123-45-67", "+7(916)123-45-67", "8-916-123-45-67", "8.916.123.45.67"),
    *row("T02", MOBILE, " 8 9 1 6 1 2 3 4 5 6 7 ", "(8916)1234567"),
    # Odd dashes and blanks
    *row("T03", MOBILE, "8\u2014916\u2014123\u201445\u201467", "8\u2212916\u2212123\u221245\u221267"),
    *row("T03", MOBILE, "+7\u00a0916\u00a0123\u201145\u201167", "+7\u2009916\u2009123\u201345\u201367"),
    *row("T03", MOBILE, "+7\t916\t1234567"),
    # A plus written before the trunk 8
    *row("T04", MOBILE, "+8 (916) 123-45-67", "+89161234567"),
    # Trunk 8 after the country code
    *row("T05", MOBILE, "+7 8 916 123 45 67", "+7 (8) 916 1234567"),
    # Country code doubled by a form mask
    *row("T06", MOBILE, "+7 +7 916 123 45 67", "8+79161234567", "++79161234567"),
    # International prefix 00 and 8-10
    *row("T07", MOBILE, "00 7 916 123 45 67", "810 7 916 1234567"),
    # City, small town, free phone
    *row("T08", OFFICE, "8(495)123-45-67", "4951234567"),
    *row("T08", "+78137823456", "8 (81378) 2-34-56"),
    *row("T08", "+78005553535", "8 800 555-35-35"),
    # Kazakhstan shares +7
    *row("T09", "+77011234567", "+7 701 123 45 67", "87011234567", "7011234567"),
    # Abroad
    *row("T10", "+375291234567", "+375 29 123-45-67", "8 10 375 29 1234567"),
    *row("T10", "+12025550143", "+1 202 555 0143"),
    *row("T10", "+998901234567", "998901234567"),
    # Extension kept apart
    *row("T11", MOBILE, "89161234567 доб. 12", extension="12"),
    *row("T11", OFFICE, "+74951234567 вн. 44", "+7 (495) 123-45-67 (доб 44)", "8 495 1234567,44", extension="44"),
    *row("T11", OFFICE, "84951234567#44", "tel:+7-495-123-45-67;ext=44", extension="44"),
    # A spreadsheet's number written as text
    *row("T12", MOBILE, "79161234567.0", "9161234567.0", "7.9161234567E10", "8.9161234567E+10"),
    # A spreadsheet's text guards
    *row("T13", MOBILE, "'+79161234567", '="89161234567"'),
    # A spreadsheet rounded the number: digits are gone
    *row("T14", None, "7.91612E+10"),
    # Labels around the number
    *row("T15", MOBILE, "тел. 89161234567", "моб: +7 916 123-45-67", "№ 89161234567", "WhatsApp 89161234567"),
    *row("T15", MOBILE, "89161234567 (Иван)"),
    # Address forms
    *row("T16", MOBILE, "tel:+79161234567", "https://wa.me/79161234567", "sip:79161234567@pbx.example"),
    # Hidden characters
    *row("T17", MOBILE, "\u202a+79161234567\u202c", "\u200e+7 916 123-45-67", "8\u200b916\u200b1234567"),
    *row("T17", MOBILE, "\ufeff89161234567", "+7\u2060916 1234567", "8\u00ad916\u00ad1234567"),
    *row("T17", MOBILE, "89161234567\x00", "+7 916 123 45 67 🙂"),
    # Other digits: full-width, Arabic-Indic, Persian, Devanagari, circled
    *row("T18", MOBILE, "＋７９１６１２３４５６７", "٨٩١٦١٢٣٤٥٦٧", "۸۹۱۶۱۲۳۴۵۶۷", "८९१६१२३४५६७"),
    *row("T18", MOBILE, "⑧⑨①⑥①②③④⑤⑥⑦"),
    # Two numbers in a cell
    *row("T19", MOBILE, "+79161234567, +79031234567", "89161234567/89031234567", others=(SECOND,)),
    *row("T19", MOBILE, "89161234567 89031234567", "89161234567\n89031234567", others=(SECOND,)),
    *row("T19", MOBILE, "8 916 1234567 или 8 903 1234567", others=(SECOND,)),
    # A shared tail after a slash
    *row("T20", MOBILE, "8 916 123 45 67 / 68"),
    # Letters inside the number
    *row("T21", None, "8-800-FLOWERS", "+7916ABC4567", "O9161234567", "+7 9I6 123 45 67", "id79161234567"),
    # Too short, no area code
    *row("T22", None, "123-45-67", "8916123456", "+7916123456"),
    # Too long
    *row("T23", None, "891612345678", "+7 (916) 123-45-67-8", "9161234567890"),
    # Unfinished mask
    *row("T24", None, "+7 (916) 123-45-6_", "+7 (___) ___-__-__"),
    # Not in any numbering plan
    *row("T25", None, "+7 600 123 45 67", "+7 200 123 45 67", "0501234567"),
    # Placeholders
    *row("T26", None, "+79999999999", "0000000000", "1111111111", "+71234567890", "+79000000000"),
    # Service and hidden callers
    *row("T27", None, "112", "900", "*100#", "anonymous", "Анонимный", "restricted"),
    # Empty and words
    *row("T28", None, "", "   ", "-", "нет", "NULL", "None", "@username"),
    # Attacks and floods
    *row("T29", None, "89161234567'; DROP TABLE leads;--", "<script>89161234567</script>", "9" * 300),
]


def case_id(case: Case) -> str:
    """How a case is called in a test's name: `T17-\\ufeff89161234567`, cut and in ASCII."""
    return f"{case.id}-{ascii(case.raw)[1:-1][:40]}"
