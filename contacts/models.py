"""The company-wide directory: one card per phone number (customer's text; `domain.md`, Contact)."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contacts.messengers import check_link, check_text
from contacts.phones import display
from crm import clock
from team.models import User
from team.roles import Right, may


class ContactQuerySet(models.QuerySet["Contact"]):
    def visible_to(self, user: User | None) -> ContactQuerySet:
        """Cards this person may open: all, or those of the leads (an operator's) or deals (a lawyer's) they see."""
        if may(user, Right.SEE_ALL):
            return self
        assert user is not None
        if may(user, Right.WORK_LEADS):
            theirs = Q(leads__responsible=user) | Q(leads__responsible__isnull=True, leads__isnull=False)
        elif may(user, Right.WORK_DEALS):
            theirs = Q(deals__responsible=user)
        else:
            return self.none()
        # The inner query keeps the outer one free of joins, so rows are not doubled and can be locked.
        return self.filter(pk__in=self.model._default_manager.filter(theirs).values("pk"))


class Contact(models.Model):
    """A client's card. `phone` is E.164 and the card's identity; it is never empty and never shared."""

    phone = models.CharField(_("phone"), max_length=16, unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    email = models.CharField(_("e-mail"), max_length=254, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    comment = models.TextField(_("comment"), blank=True)
    do_not_call_at = models.DateTimeField(_("asked not to be called"), null=True, blank=True)
    do_not_call_reason = models.CharField(_("why not to call"), max_length=300, blank=True)
    consent_on = models.DateField(_("consent to processing given"), null=True, blank=True)
    consent_channel = models.CharField(_("consent given by"), max_length=100, blank=True, default="")
    consent_version = models.CharField(_("version of the consent's text"), max_length=50, blank=True, default="")
    consent_withdrawn_on = models.DateField(_("consent withdrawn"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=clock.now, db_index=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    search_text = models.TextField(editable=False, default="", blank=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(phone__regex=r"^\+[1-9][0-9]{7,14}$"), name="contact_phone_is_e164"),
            models.CheckConstraint(
                condition=Q(consent_on__isnull=True) | Q(consent_withdrawn_on__isnull=True),
                name="consent_stands_or_is_withdrawn",
            ),
        ]

    def __str__(self) -> str:
        return self.name or display(self.phone)

    @property
    def do_not_call(self) -> bool:
        """Every call button and automatic task respects it."""
        return self.do_not_call_at is not None


class LinkedCard(models.Model):
    """Two cards that belong together: a spouse, a second number of the same person. Read from either side."""

    class Kind(models.TextChoices):
        SPOUSE = "spouse", _("spouse")
        SAME_PERSON = "same_person", _("second number of the same person")
        RELATIVE = "relative", _("relative")
        OTHER = "other", _("acquaintance")

    first = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(_("who it is"), max_length=12, choices=Kind)

    class Meta:
        verbose_name = _("linked cards")
        verbose_name_plural = _("linked cards")
        constraints = [
            # The lower id comes first, so a pair has one row whichever card it was made from.
            models.CheckConstraint(condition=Q(first__lt=models.F("second")), name="linked_cards_in_order"),
            models.UniqueConstraint(fields=["first", "second"], name="cards_linked_once"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} + {self.second_id}: {self.get_kind_display()}"


class Messenger(models.Model):
    """A way to write to a client by a link (`domain.md`, Touch): which of them works in Russia changes."""

    code = models.SlugField(_("code"), max_length=10, unique=True, help_text=_("The channel of a touch made by it."))
    name = models.CharField(_("name"), max_length=50)
    link = models.CharField(
        _("link"), max_length=300, help_text=_("{digits}, {phone} and {text} stand for the number and the message.")
    )
    active = models.BooleanField(_("active"), default=True)
    position = models.PositiveSmallIntegerField(_("order"), default=100)

    class Meta:
        verbose_name = _("messenger")
        verbose_name_plural = _("messengers")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(link__regex=r"^(https://|sms:|tel:|tg:|whatsapp:)"), name="messenger_link_is_safe"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        try:
            check_link(self.link)
        except ValidationError as error:
            raise ValidationError({"link": error}) from error


class MessageTemplate(models.Model):
    """A text to send, with variables in braces (`contacts/messengers.py`). It is offered at its status of a lead, or at
    any; at a task of its kind it is chosen already.
    """

    name = models.CharField(_("name"), max_length=100)
    messenger = models.ForeignKey(
        Messenger,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="templates",
        verbose_name=_("messenger"),
        help_text=_("Empty: any of them."),
    )
    status = models.CharField(_("status"), max_length=20, blank=True, help_text=_("Empty: at any status."))
    task_kind = models.CharField(
        _("for the task"),
        max_length=20,
        blank=True,
        default="",
        help_text=_("At a task of this kind the text is chosen already."),
    )
    text = models.TextField(_("text"), max_length=1000)
    active = models.BooleanField(_("active"), default=True)
    position = models.PositiveSmallIntegerField(_("order"), default=100)

    class Meta:
        verbose_name = _("message template")
        verbose_name_plural = _("message templates")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        try:
            check_text(self.text)
        except ValidationError as error:
            raise ValidationError({"text": error}) from error
