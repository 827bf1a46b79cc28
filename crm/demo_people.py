"""Who the demonstration's people are and how they sign in. Making them is left to the `demo` command.

Their password is known to everybody, so they may exist only where DEBUG is on.
"""

from __future__ import annotations

from dataclasses import dataclass

from team.roles import Role

PASSWORD = "demonstration"


@dataclass(frozen=True)
class Person:
    """A colleague of the demonstration."""

    username: str
    name: str
    role: Role


PEOPLE = (
    Person("admin", "Вера Самойлова", Role.ADMIN),
    Person("manager", "Ольга Кравцова", Role.MANAGER),
    Person("operator1", "Анна Ермакова", Role.OPERATOR),
    Person("operator2", "Денис Белов", Role.OPERATOR),
    Person("operator3", "Ирина Галкина", Role.OPERATOR),
    Person("operator4", "Максим Юдин", Role.OPERATOR),
    Person("operator5", "Светлана Тихонова", Role.OPERATOR),
    Person("operator6", "Рустам Ахметов", Role.OPERATOR),
    Person("lawyer1", "Павел Зорин", Role.LAWYER),
    Person("lawyer2", "Елена Мартынова", Role.LAWYER),
)


def sign_in_line() -> str:
    """One line for the terminal: all user names and the password."""
    return f"sign in as {', '.join(person.username for person in PEOPLE)}; the password is {PASSWORD}"
