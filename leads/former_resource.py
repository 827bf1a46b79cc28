"""The leads' export of Bitrix24 as it is: which column is what, and what its stages, sources and people are here.

The export knows no status of ours by its code, so words are compared: the customer's own labels, and what portals call
their stages when nobody has renamed them. What means nothing to us is told, and a person says what it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from crm.resources import Context, Outcome, Row, VerbResource, Verdict, answer_in_order
from crm.text import fold
from leads.applications import read_application
from leads.dates import moment_of
from leads.former_base import FormerLead, take_over
from leads.models import Lead, ValueMeaning
from leads.pipeline import CLOSED, SIGNED, JunkReason, Status
from leads.resources import UTM, full_name, verdict_on
from outbox.links import objects_known_as
from sources.lookup import SourceLookup
from team.models import User

STATUS, SOURCE, OWNER = "status", "source", "owner"
JUNK = "junk:"  # before a reason, where a status is chosen
# What portals call their stages as they come; the customer's labels need no line here.
_STAGES = {
    Status.NEW: ("Не обработан", "Новая заявка", "Неразобранное"),
    Status.DIALING: ("В работе", "В обработке", "Назначен ответственный", "Недозвон, повторить"),
    Status.CONTRACT: ("Договор подписан",),
}


class FormerLeadResource(VerbResource):
    """In only: leads of the former base with their statuses and dates. A row is known by its id there."""

    labels = {
        "remote_id": _("Id in Bitrix24"),
        "title": _("Title"),
        "status": _("Stage"),
        "reason": _("More about the stage"),
        "phone": _("Phone"),
        "name": _("Name"),
        "last_name": _("Last name"),
        "second_name": _("Patronymic"),
        "email": _("E-mail"),
        "source": _("Source"),
        "comment": _("Comment"),
        "amount": _("Sum"),
        "city": _("City"),
        "responsible": _("Owner"),
        "created_at": _("Created"),
        "changed_at": _("Stage since"),
        **{name: name for name in UTM},
    }
    spellings: Mapping[str, tuple[str, ...]] = {
        "remote_id": ("ID",),
        "title": ("Название лида", "Название"),
        "status": ("Стадия", "Статус"),
        "reason": ("Дополнительно о стадии", "Дополнительно о статусе", "Причина отказа", "Причина"),
        "phone": (
            *("Рабочий телефон", "Мобильный телефон", "Домашний телефон", "Другой телефон"),
            *("Телефон для рассылок", "Номер факса"),
        ),
        "name": (),
        "last_name": ("Фамилия",),
        "second_name": ("Отчество",),
        "email": ("Рабочий e-mail", "Частный e-mail", "Другой e-mail", "E-mail для рассылок"),
        "source": (),
        "comment": ("Дополнительно об источнике",),
        "amount": ("Сумма", "Возможная сумма"),
        "city": ("Населенный пункт",),
        "responsible": (),
        "created_at": ("Дата создания", "Создан"),
        "changed_at": ("Дата смены стадии", "Дата изменения", "Дата завершения"),
        **dict.fromkeys(UTM, ()),
    }
    joined = {"phone": ", ", "email": ", ", "comment": "\n"}
    needed = ("remote_id",)

    class Meta:
        model = Lead
        import_id_fields = ()
        fields = ()

    def __init__(self) -> None:
        super().__init__()
        self.statuses = known_statuses()
        self.people = known_people()
        self.lookup = SourceLookup.read()
        self.unknown: dict[str, Counter[str]] = {name: Counter() for name in (STATUS, SOURCE, OWNER)}

    @classmethod
    def complaint(cls, columns: Sequence[str]) -> str:
        said = super().complaint(columns)
        if not said and STATUS not in columns:
            return _t("Say which column is one of these: %(columns)s") % {"columns": cls.labels[STATUS]}
        return said

    def take_all(self, rows: Sequence[Row], context: Context) -> list[Outcome]:
        def take(former: list[FormerLead]) -> Iterator[Outcome]:
            for result in take_over(former, by=context.by):
                if result.lead is None:
                    yield Outcome(Verdict.REFUSED, result.why)
                else:
                    yield Outcome(verdict_on(result.lead, is_new=result.created), made=result.lead)

        return answer_in_order([self._former(row) for row in rows], take)

    def judge_all(self, rows: Sequence[Row], context: Context, seen: dict[str, set[Any]]) -> list[Outcome]:
        """What the rows say and who is here already. Duplicates come last when they are taken in, so any may do."""

        def judge(former: list[FormerLead]) -> Iterator[Outcome]:
            seen["ids"] |= set(objects_known_as("lead", [old.remote_id for old in former]))
            taken = Lead.objects.originals().filter(contact__phone__in=[old.application.phones.main for old in former])
            here = dict(taken.values_list("contact__phone", "status"))
            for old in former:
                number = old.application.phones.main
                verdict, why = Verdict.NEW, ""
                if old.remote_id in seen["ids"]:
                    verdict = Verdict.KNOWN
                elif old.status in SIGNED and not old.amount:
                    verdict, why = Verdict.REFUSED, _t("A contract needs its sum.")
                elif old.junk_reason == JunkReason.DUPLICATE or (
                    old.status not in CLOSED
                    and number
                    and (number in seen["open"] or here.get(number, "junk") not in CLOSED)
                ):
                    verdict = Verdict.REPEAT
                elif old.status not in CLOSED and number:
                    seen["open"].add(number)
                seen["ids"].add(old.remote_id)
                yield Outcome(verdict, why)

        return answer_in_order([self._former(row) for row in rows], judge)

    def is_late(self, row: Row) -> bool:
        """Is the row taken in after all others? A duplicate needs its original, wherever in the file that stands."""
        found = self.statuses.get(_word(row.given.get("status", "")))
        return found == JUNK + JunkReason.DUPLICATE

    def _former(self, row: Row) -> FormerLead | Outcome:
        """The row as a former lead, or why it is none."""
        given = row.given
        if not (number := given.get("remote_id", "")).isdecimal() or len(number) > 18:
            return Outcome(Verdict.REFUSED, _t("The id is no number: %(value)s") % {"value": number or "—"})
        said = given.get("status", "")
        code = self._status(said, given.get("reason", ""))
        self._count(given)
        if code is None:
            return Outcome(
                Verdict.REFUSED, _t("It is not said which status this stage is: %(value)s") % {"value": said}
            )
        created = moment_of(given.get("created_at", ""))
        if created is None:
            return Outcome(
                Verdict.REFUSED, _t("The date cannot be read: %(value)s") % {"value": given.get("created_at", "—")}
            )
        status, _colon, reason = code.partition(":")
        body: dict[str, Any] = {name: given[name] for name in ("phone", "source", "comment", "city") if name in given}
        body["name"] = full_name(given) or given.get("title", "")
        body["email"] = given.get("email", "").split(",")[0].strip() or None
        body["arrived_at"] = created
        if utm := {name: given[name] for name in UTM if name in given}:
            body["utm"] = utm
        if not body.get("phone") and not body["email"]:
            body["phone"] = "—"  # the former base may know a client by name only; the lead is a fact all the same
        return FormerLead(
            remote_id=int(number),
            application=read_application(body),
            status=Status(status),
            junk_reason=reason,
            status_at=moment_of(given.get("changed_at", "")),
            responsible=self.people.get(_word(given.get("responsible", ""))),
            amount=_money(given.get("amount", "")),
            said=said,
        )

    def _status(self, said: str, reason: str) -> str | None:
        """The code of a status, with the reason of a rejected lead behind it; None if nobody has said what it is."""
        code = self.statuses.get(_word(said))
        if code in (None, str(Status.JUNK)):  # rejected, without its reason in the stage's name
            told = self.statuses.get(_word(reason)) or ""
            if code is not None or _word(said) in _REJECTED:
                return told if told.startswith(JUNK) else None
        return code

    def _count(self, given: Mapping[str, str]) -> None:
        """Remember what means nothing to us, to be asked about."""
        if self._status(given.get("status", ""), given.get("reason", "")) is None:
            self.unknown[STATUS][given.get("status", "")] += 1
        if (said := given.get("source", "")) and self.lookup.find(said) is None:
            self.unknown[SOURCE][said] += 1
        if (said := given.get("responsible", "")) and _word(said) not in self.people:
            self.unknown[OWNER][said] += 1


_REJECTED = {fold(word) for word in ("Некачественный лид", "Брак", "Отказ", "Junk")}


def _word(said: str) -> str:
    """A stage's or reason's name to be compared: «Брак: Недозвон», «Брак — недозвон» and «Недозвон» are one."""
    folded = fold(said)
    for prefix in ("брак", "rejected"):
        rest = folded.removeprefix(prefix).lstrip(" :—–-.(").rstrip(")")
        if rest != folded and rest:
            return rest
    return folded


def known_statuses() -> dict[str, str]:
    """Folded word -> "dialing", "junk:refused" …: labels in either language, usual words, and what was chosen."""
    words: dict[str, str] = {}
    for status, usual in _STAGES.items():
        words |= {fold(word): str(status) for word in usual}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            words |= {fold(str(reason.label)): JUNK + reason for reason in JunkReason}
            words |= {fold(str(status.label)): str(status) for status in Status if status != Status.JUNK}
    words |= {reason.value: JUNK + reason for reason in JunkReason}
    words |= {status.value: str(status) for status in Status if status != Status.JUNK}
    return words | dict(ValueMeaning.objects.filter(field=STATUS).values_list("folded", "code"))


def known_people() -> dict[str, User]:
    """Folded name (in either order), e-mail or log-in -> colleague; of two of one name none; and what was chosen."""
    people = {person.pk: person for person in User.objects.all()}
    found: dict[str, set[int]] = {}
    for person in people.values():
        words = fold(person.name).split()
        names = {" ".join(words), " ".join(reversed(words)), " ".join(words[:2]), " ".join(reversed(words[:2]))}
        for name in names | {fold(person.email), fold(person.username)}:
            if name:
                found.setdefault(name, set()).add(person.pk)
    known = {name: people[next(iter(pks))] for name, pks in found.items() if len(pks) == 1}
    for folded, code in ValueMeaning.objects.filter(field=OWNER).values_list("folded", "code"):
        if code.isdecimal() and int(code) in people:
            known[folded] = people[int(code)]
    return known


def _money(text: str) -> Decimal | None:
    """A sum as the export writes it: «150000.00», «150 000,00», «150000|RUB»."""
    plain = "".join(text.partition("|")[0].split()).replace(",", ".").rstrip("₽")
    try:
        amount = Decimal(plain) if plain else None
    except InvalidOperation:
        return None
    fits = amount is not None and amount.is_finite() and 0 < amount < Decimal("1e12")
    return amount.quantize(Decimal("0.01")) if amount is not None and fits else None
