"""People who work here, the keys that programs use in their name, and when somebody was on line."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, time
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm import clock
from crm.singletons import Singleton
from team.factor_models import RecoveryCode as RecoveryCode
from team.factor_models import SecondFactor as SecondFactor
from team.roles import Right, Role, may


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        """A person with a role (`role=`, default operator) and a hashed password; None makes sign-in impossible."""
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> User:
        """What `manage.py createsuperuser` makes: an administrator."""
        return self.create_user(username, password, **{**fields, "role": Role.ADMIN})

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username=username)

    def with_shift(self) -> models.QuerySet[User]:
        """Colleagues with their open shift period, if any, as the list `open_periods`. Two queries."""
        now_open = ShiftPeriod.objects.filter(ended_at__isnull=True)
        return self.prefetch_related(models.Prefetch("shift_periods", queryset=now_open, to_attr="open_periods"))


class User(AbstractBaseUser):
    """A colleague. What they may do follows from `role` alone (`team/roles.py`); Django's own flags are derived."""

    class Theme(models.TextChoices):
        SYSTEM = "system", _("As in the system")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    class Language(models.TextChoices):
        RUSSIAN = "ru", "Русский"
        ENGLISH = "en", "English"

    username = models.CharField(_("login"), max_length=150, unique=True, validators=[UnicodeUsernameValidator()])
    name = models.CharField(_("name"), max_length=150)
    email = models.EmailField(_("e-mail"), blank=True)
    role = models.CharField(_("role"), max_length=16, choices=Role, default=Role.OPERATOR)
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Switch off instead of deleting: history keeps the name.")
    )
    lead_limit = models.PositiveSmallIntegerField(
        _("most open leads"), null=True, blank=True, help_text=_("Empty: the limit of the distribution policy.")
    )
    extension = models.CharField(
        _("extension"), max_length=20, blank=True, help_text=_("By which the telephone exchange knows this colleague.")
    )
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)
    language = models.CharField(_("language"), max_length=2, choices=Language, blank=True)
    theme = models.CharField(_("theme"), max_length=8, choices=Theme, default=Theme.SYSTEM)
    sound = models.BooleanField(
        _("sound"), default=False, help_text=_("A short sound for a new lead and for a promised call that is due.")
    )
    shortcuts = models.BooleanField(_("single keys"), default=True, help_text=_("Ctrl+Enter and Esc work always."))

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("colleague")
        verbose_name_plural = _("colleagues")
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="user_role_is_known"),
            models.UniqueConstraint(
                fields=["extension"],
                condition=~Q(extension=""),
                name="extension_is_of_one_colleague",
                violation_error_message=_("Another colleague has this extension"),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.username

    @property
    def is_staff(self) -> bool:
        """May this person open the Django admin?"""
        return may(self, Right.ADMINISTER)

    @property
    def is_superuser(self) -> bool:
        return may(self, Right.ADMINISTER)

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Django's permission names guard only the admin, and the admin belongs to administrators as a whole."""
        return may(self, Right.ADMINISTER)

    def has_perms(self, perm_list: list[str], obj: object = None) -> bool:
        return may(self, Right.ADMINISTER)

    def has_module_perms(self, app_label: str) -> bool:
        return may(self, Right.ADMINISTER)

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self).split(" ")[0]


def _digest(plain: str) -> str:
    # A key has 256 random bits, so a plain fast hash is as good as a slow one.
    return hashlib.sha256(plain.encode()).hexdigest()


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def working(self, at: datetime) -> ApiKeyQuerySet:
        """Keys that open a door at `at`: not withdrawn, not expired, of somebody who still works here."""
        return self.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=at), revoked_at__isnull=True, user__is_active=True
        )

    def find(self, plain: str, at: datetime) -> ApiKey | None:
        """The working key whose secret is `plain`, with its user; None if there is none."""
        return self.working(at).select_related("user").filter(digest=_digest(plain)).first()


class ApiKey(models.Model):
    """A secret that a program presents as `Authorization: Token <key>`. Only its hash is kept.

    A `full` key has its user's rights, an `intake` key may only post leads and touches.
    """

    class Kind(models.TextChoices):
        FULL = "full", _("the user's rights")
        INTAKE = "intake", _("intake only")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="api_keys", verbose_name=_("user"))
    name = models.CharField(_("name"), max_length=100, blank=True, help_text=_("What uses the key, for people."))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.FULL)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    last4 = models.CharField(_("ends with"), max_length=4, editable=False)
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("withdrawn"), null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["full", "intake"]), name="api_key_kind_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.user} …{self.last4}"

    @classmethod
    def draft(cls, *, user: User, kind: str = Kind.FULL, name: str = "") -> tuple[ApiKey, str]:
        """An unsaved key and its secret, which is shown once and stored nowhere."""
        plain = secrets.token_urlsafe(32)
        return cls(user=user, kind=kind, name=name, digest=_digest(plain), last4=plain[-4:]), plain


class ShiftPeriod(models.Model):
    """A stretch of time in which somebody was on line or on a break. No open period means off line."""

    class State(models.TextChoices):
        ON = "on", _("On line")
        BREAK = "break", _("Break")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="shift_periods")
    state = models.CharField(max_length=8, choices=State)
    started_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("shift period")
        verbose_name_plural = _("shift periods")
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(ended_at__isnull=True), name="one_open_shift_period"),
            models.CheckConstraint(condition=Q(state__in=["on", "break"]), name="shift_state_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.state}"


class ShiftPolicy(Singleton):
    """When a shift ends by itself, since people forget to. One row, edited in the admin."""

    ends_at = models.TimeField(
        _("the day ends at"),
        null=True,
        blank=True,
        default=time(21),
        help_text=_("The firm's time. Who is on line then goes off. Empty: only the longest shift counts."),
    )
    longest_hours = models.PositiveSmallIntegerField(_("longest shift, hours"), default=12)

    class Meta:
        verbose_name = _("shifts")
        verbose_name_plural = _("shifts")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="shift_policy_is_one_row")]

    def __str__(self) -> str:
        return str(_("Shifts"))


class Hold(models.Model):
    """A client whom somebody is calling: theirs until `expires_at`, unless they renew it. One client, one operator."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="hold")
    lead = models.OneToOneField("leads.Lead", on_delete=models.CASCADE, related_name="hold")
    since = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")

    def __str__(self) -> str:
        return f"{self.user_id}: {self.lead_id}"


class Skip(models.Model):
    """A client whom somebody has put aside in their queue until a moment; others may be offered the client at once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    lead = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField()

    class Meta:
        verbose_name = _("skip")
        verbose_name_plural = _("skips")
        constraints = [models.UniqueConstraint(fields=["user", "lead"], name="one_skip_per_colleague_and_lead")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.lead_id}"


class NoticeKind(models.TextChoices):
    NEW_LEAD = "new_lead", _("New lead")
    HANDED_OVER = "handed_over", _("Handed over")
    TAKEN_AWAY = "taken_away", _("Went on to a colleague")
    REPEAT = "repeat", _("Repeat application")
    CALL_DUE = "call_due", _("Promised call is due")
    MEETING_DUE = "meeting_due", _("Meeting to confirm")
    OVERDUE = "overdue", _("Overdue tasks")
    NOT_CALLED = "not_called", _("New leads not called")
    NOBODY_ON_LINE = "nobody_on_line", _("Nobody is on line")
    INCOMING_CALL = "incoming_call", _("Incoming call")
    MISSED_CALL = "missed_call", _("Missed call")


class NoticeQuerySet(models.QuerySet["Notice"]):
    def with_card(self) -> NoticeQuerySet:
        """With the lead and the deal that they are about, and the client."""
        return self.select_related("recipient", "lead__contact", "deal")


class Notice(models.Model):
    """Something a colleague has to hear. The sentence is made from `kind` and `data` in the reader's language.

    With a `key` it is told once for ever, say for one task and one due time. Without one it is about a heap (overdue
    tasks): while the colleague has not read it, there is one of its kind, and it grows.
    """

    recipient = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=16, choices=NoticeKind)
    key = models.CharField(max_length=100, blank=True)
    lead = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    deal = models.ForeignKey("deals.Deal", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    count = models.PositiveIntegerField(default=1)  # how many things an unkeyed notice stands for
    data = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=NoticeKind.values), name="notice_kind_is_known"),
            models.UniqueConstraint(fields=["recipient", "key"], condition=~Q(key=""), name="notice_is_told_once"),
            models.UniqueConstraint(
                fields=["recipient", "kind"],
                condition=Q(key="", read_at__isnull=True),
                name="one_unread_heap_of_a_kind",
            ),
        ]
        indexes = [
            models.Index(fields=["recipient", "-created_at"], name="notices_of_colleague"),
            models.Index(fields=["recipient"], condition=Q(read_at__isnull=True), name="unread_notices"),
        ]

    def __str__(self) -> str:
        return f"{self.recipient_id}: {self.kind}"


class Digest(models.Model):
    """The daily e-mail to one manager: claimed before it is sent, so that two workers do not send it twice."""

    recipient = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    claimed_until = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("daily e-mail")
        verbose_name_plural = _("daily e-mails")
        constraints = [models.UniqueConstraint(fields=["recipient", "day"], name="one_digest_a_day")]

    def __str__(self) -> str:
        return f"{self.recipient_id}: {self.day}"


class SentForm(models.Model):
    """A form that somebody has sent, by its one-time token, with the address its answer led to (`team/once.py`)."""

    by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    form = models.CharField(max_length=200)  # the address it was sent to: forms of one page share a token
    token = models.CharField(max_length=64)
    answer = models.CharField(max_length=300)
    created_at = models.DateTimeField(default=clock.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["by", "form", "token"], name="form_is_sent_once")]

    def __str__(self) -> str:
        return self.token


class SignedIn(models.Model):
    """A session of somebody, on record so that they see it and can end it (`team/sessions.py`)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    session_key = models.CharField(max_length=40, unique=True)
    began_at = models.DateTimeField()
    browser = models.CharField(max_length=60, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    def __str__(self) -> str:
        return f"{self.user_id}: {self.browser}"
