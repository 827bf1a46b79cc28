"""How colleagues are called in sentences: «передано Орлову». Only endings that leave no doubt are inflected."""

from __future__ import annotations

from django.utils.translation import get_language

# (ending of a surname, what stands in its place when something is given to that person)
_TO_WHOM = (
    *((ending, f"{ending}у") for ending in ("ов", "ев", "ёв", "ин", "ын")),
    *((f"{ending}а", f"{ending}ой") for ending in ("ов", "ев", "ёв", "ин", "ын")),
    *((f"{ending}ий", f"{ending}ому") for ending in ("ск", "цк")),
    *((f"{ending}ая", f"{ending}ой") for ending in ("ск", "цк")),
)


def to_whom(name: str) -> str:
    """The surname as it stands after «передано» or "handed over to"; empty where its form is not certain.

    >>> to_whom("Денис Орлов")  # in Russian
    'Орлову'
    """
    words = name.split()
    surname = words[-1] if words else ""
    if not (get_language() or "").startswith("ru"):
        return surname
    if len(words) < 2:
        return ""  # it may be a first name
    return next((surname.removesuffix(old) + new for old, new in _TO_WHOM if surname.endswith(old)), "")
