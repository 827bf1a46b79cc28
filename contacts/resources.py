"""Contacts as a file: a row is a card, known by its number; what a card says already is not written over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from contacts.actions import NewCard, cards_known_as, take_in_cards
from contacts.models import Contact
from contacts.phones import display, parse, refusal_text
from crm.resources import Context, Outcome, Row, VerbResource, Verdict, answer_in_order
from crm.text import clean, fold

ID = "id"
FORMER_BASE = frozenset({"тип контакта", "рабочий телефон", "телефон для рассылок"})  # headings of its export
LONGEST = {"name": 200, "email": 254, "city": 100, "comment": 10_000}


class ContactResource(VerbResource):
    """In only. A number that has a card already gives it a name, if it had none.

    An export of Bitrix24's contacts is known by its headings; its ids are kept, so that the mirror later updates what
    is there instead of making it again.
    """

    labels = {
        "remote_id": _("Id in Bitrix24"),
        "phone": _("Phone"),
        "name": _("Name"),
        "last_name": _("Last name"),
        "second_name": _("Patronymic"),
        "email": _("E-mail"),
        "city": _("City"),
        "comment": _("Comment"),
    }
    spellings: Mapping[str, tuple[str, ...]] = {
        "phone": (
            *("Номер", "Номер телефона", "Тел.", "Мобильный", "Мобильный телефон", "Рабочий телефон"),
            *("Домашний телефон", "Другой телефон", "Phone number", "Mobile"),
        ),
        "name": ("ФИО", "Клиент", "Контакт", "Full name", "Client"),
        "last_name": ("Фамилия",),
        "second_name": ("Отчество",),
        "email": ("Почта", "Электронная почта", "E-mail", "Рабочий e-mail", "Частный e-mail", "Mail"),
        "city": ("Населенный пункт", "Регион"),
        "comment": ("Комментарии", "Примечание", "Note"),
        "remote_id": (),
    }
    joined = {"phone": ", ", "comment": "\n"}
    needed = ("phone",)

    class Meta:
        model = Contact
        import_id_fields = ()
        fields = ()

    @classmethod
    def guess(cls, headers: Sequence[str]) -> list[str]:
        """«ID» is Bitrix24's in its own export only: in any other table it may be anything."""
        guessed, folded = super().guess(headers), [fold(header) for header in headers]
        if ID in folded and FORMER_BASE.intersection(folded) and "remote_id" not in guessed:
            guessed[folded.index(ID)] = "remote_id"
        return guessed

    def take_all(self, rows: Sequence[Row], context: Context) -> list[Outcome]:
        def take(cards: list[NewCard]) -> list[Outcome]:
            return [_outcome(contact, is_new=is_new) for contact, is_new in take_in_cards(cards, by=context.by)]

        return answer_in_order([self._card(row) for row in rows], take)

    def judge_all(self, rows: Sequence[Row], context: Context, seen: dict[str, set[Any]]) -> list[Outcome]:
        def judge(cards: list[NewCard]) -> Iterator[Outcome]:
            there = Contact.objects.filter(phone__in=[card.phone for card in cards])
            seen["numbers"] |= set(there.values_list("phone", flat=True))
            seen["ids"] |= set(cards_known_as(card.remote_id for card in cards))
            for card in cards:
                is_new = card.phone not in seen["numbers"] and card.remote_id not in seen["ids"]
                yield _outcome(card, is_new=is_new)
                seen["numbers"].add(card.phone)
                if card.remote_id is not None:
                    seen["ids"].add(card.remote_id)

        return answer_in_order([self._card(row) for row in rows], judge)

    def _card(self, row: Row) -> NewCard | Outcome:
        given = row.given
        phones = parse(given.get("phone", ""))
        if not phones.main:
            return Outcome(Verdict.REFUSED, refusal_text(phones.reason))
        number = given.get("remote_id", "")
        if number and not (number.isascii() and number.isdecimal() and len(number) <= 18):
            return Outcome(Verdict.REFUSED, _t("The id is no number: %(value)s") % {"value": number})
        name = " ".join(given[part] for part in ("last_name", "name", "second_name") if given.get(part))
        said = {**given, "name": name}
        texts = {
            field: clean(said.get(field, ""), limit=limit, multiline=field == "comment")
            for field, limit in LONGEST.items()
        }
        return NewCard(phone=phones.main, remote_id=int(number) if number else None, **texts)


def _outcome(card: Contact | NewCard, *, is_new: bool) -> Outcome:
    contact = card if isinstance(card, Contact) else None
    if is_new:
        return Outcome(Verdict.NEW, made=contact)
    # By its number or by its id: the card keeps the number that it has.
    said = _t("This number has a card already: %(name)s") % {"name": display(card.phone)}
    return Outcome(Verdict.KNOWN, said, contact)
