import pytest

from crm.rates import Rate, parse


@pytest.mark.parametrize(
    ("written", "rate"),
    [
        ("1200/min", Rate(1200, 60)),
        ("5/15min", Rate(5, 900)),
        ("20/s", Rate(20, 1)),
        ("3/2h", Rate(3, 7200)),
        (" 7/day ", Rate(7, 86400)),
        ("", None),
        ("  ", None),
    ],
)
def test_a_rate_is_read_as_written(written: str, rate: Rate | None) -> None:
    assert parse(written) == rate


@pytest.mark.parametrize("written", ["5", "5/", "/min", "0/min", "5/0min", "-5/min", "5/fortnight", "5 / min", "x/min"])
def test_what_is_no_rate_is_refused_with_a_sentence(written: str) -> None:
    with pytest.raises(ValueError, match="write for example 1200/min"):
        parse(written)
