"""Leads as a file. A row that comes in is a new application and passes intake like any other; statuses only go out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field

from contacts.phones import refusal_text
from crm.errors import Invalid
from crm.resources import Context, Outcome, Row, VerbResource, Verdict, answer_in_order
from leads.applications import Application, read_application
from leads.dates import moment_of
from leads.intake import register_leads, would_be
from leads.models import Lead
from team.actions import import_key

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
NAMES = ("last_name", "name", "second_name")
ROW_KEY = 20  # digits of the file's digest that name a row of it


class LeadResource(VerbResource):
    """In: the columns of an application. Out: these and what became of the lead.

    A row is known again by its external id, else by its place in its file: the same rows make no second leads.
    """

    labels = {
        "number": _("No."),
        "created_at": _("Arrived"),
        "status": _("Status"),
        "junk_reason": _("Reason"),
        "phone": _("Phone"),
        "source": _("Source"),
        "name": _("Name"),
        "last_name": _("Last name"),
        "second_name": _("Patronymic"),
        "email": _("E-mail"),
        "comment": _("Comment"),
        "debt_amount": _("Debt"),
        "city": _("City"),
        "arrived_at": _("Date of the application"),
        "responsible": _("Owner"),
        "touches_count": _("Touches"),
        "external_id": _("External id"),
        **{name: name for name in UTM},
    }
    spellings: Mapping[str, tuple[str, ...]] = {
        "phone": (
            *("Номер", "Номер телефона", "Тел.", "Мобильный", "Мобильный телефон", "Рабочий телефон"),
            *("Домашний телефон", "Другой телефон", "Phone number", "Mobile", "Tel"),
        ),
        "source": ("Канал", "Откуда", "Рекламный источник"),
        "name": ("ФИО", "Клиент", "Ф.И.О.", "Имя клиента", "Full name", "Client"),
        "last_name": ("Фамилия", "Surname"),
        "second_name": ("Отчество",),
        "email": ("Почта", "Электронная почта", "E-mail", "Рабочий e-mail", "Частный e-mail", "Mail"),
        "comment": ("Комментарии", "Примечание", "Сообщение", "Текст", "Message", "Note"),
        "debt_amount": ("Сумма долга", "Сумма", "Сумма задолженности", "Amount"),
        "city": ("Город клиента", "Регион"),
        "arrived_at": ("Дата", "Дата создания", "Дата и время", "Поступил", "Создан", "Date", "Created"),
        "external_id": ("Внешний код", "ID", "Id заявки", "Номер заявки"),
        **dict.fromkeys(UTM, ()),
    }
    joined = {"phone": ", ", "comment": "\n"}
    needed = ("phone", "email")
    phone = Field(column_name="phone")
    source = Field(column_name="source", attribute="source__code")
    number = Field(column_name="number", attribute="pk", readonly=True)
    created_at = Field(column_name="created_at", readonly=True)
    status = Field(column_name="status", attribute="get_status_display", readonly=True)
    junk_reason = Field(column_name="junk_reason", attribute="get_junk_reason_display", readonly=True)
    responsible = Field(column_name="responsible", attribute="responsible__name", readonly=True)

    class Meta:
        model = Lead
        import_id_fields = ()
        export_order = (
            *("number", "created_at", "status", "junk_reason", "phone", "source", "name", "email", "comment"),
            *("debt_amount", "city", "responsible", "touches_count", "external_id"),
        )
        fields = export_order

    def filter_export(self, queryset: Any, **kwargs: Any) -> Any:
        return queryset.select_related("contact", "source", "responsible")

    def dehydrate_phone(self, lead: Lead) -> str:
        return lead.phone or lead.phone_raw

    def dehydrate_created_at(self, lead: Lead) -> str:
        return timezone.localtime(lead.created_at).strftime("%d.%m.%Y %H:%M")

    def dehydrate_source(self, lead: Lead) -> str:
        return lead.source.name

    def take_all(self, rows: Sequence[Row], context: Context) -> list[Outcome]:
        """The portion through set-wise intake: a few queries per table, in the order of the file."""

        def take(applications: list[Application]) -> Iterator[Outcome]:
            key = import_key(by=context.by) if any(application.external_id for application in applications) else None
            registered = register_leads(applications, by=context.by, key=key)
            for application, done in zip(applications, registered, strict=True):
                yield Outcome(verdict_on(done.lead, is_new=done.created), _remark(application), done.lead)

        return answer_in_order([self._application(row, context) for row in rows], take)

    def judge_all(self, rows: Sequence[Row], context: Context, seen: dict[str, set[Any]]) -> list[Outcome]:
        def judge(applications: list[Application]) -> Iterator[Outcome]:
            verdicts = would_be(applications, by=context.by, numbers=seen["numbers"], ids=seen["ids"])
            for application, verdict in zip(applications, verdicts, strict=True):
                yield Outcome(Verdict(verdict), _remark(application))

        return answer_in_order([self._application(row, context) for row in rows], judge)

    def _application(self, row: Row, context: Context) -> Application | Outcome:
        """The row as an application, or why it is none."""
        try:
            return read_application(self._body(row, context))
        except Invalid as error:
            return Outcome(Verdict.REFUSED, next(iter(error.fields.values()))[0])

    def _body(self, row: Row, context: Context) -> dict[str, Any]:
        given = dict(row.given)
        body: dict[str, Any] = {
            name: given[name]
            for name in ("phone", "source", "email", "comment", "debt_amount", "city")
            if name in given
        }
        body["name"] = full_name(given)
        body["source"] = given.get("source") or context.choice("source") or given.get("utm_source", "")
        utm = {name: given[name] for name in UTM if name in given}
        if utm:
            body["utm"] = utm
        if "arrived_at" in given:
            moment: datetime | None = moment_of(given["arrived_at"])
            body["arrived_at"] = moment or given["arrived_at"]
        if external_id := given.get("external_id", ""):
            body["external_id"] = external_id
        elif context.digest:
            body["external_id"] = f"file:{context.digest[:ROW_KEY]}:{row.number}"
        return body


def verdict_on(lead: Lead, *, is_new: bool) -> Verdict:
    """What a row became that made this lead, or found it."""
    if not is_new:
        return Verdict.KNOWN
    return Verdict.REPEAT if lead.is_duplicate else Verdict.NEW


def full_name(given: Mapping[str, str]) -> str:
    """The name as Russian papers write it: last, first, patronymic."""
    return " ".join(given[name] for name in NAMES if given.get(name))


def _remark(application: Application) -> str:
    if application.phones.main or not application.phone_raw:
        return ""
    said = _t("The number is not a phone: %(why)s. The lead is kept.")
    return said % {"why": refusal_text(application.phones.reason)}
