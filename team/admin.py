"""People and keys in the admin. Nobody raises, lowers or switches off themselves; secrets are shown once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import password_validation
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.admin import CleanForm, OneRowAdmin, PageAdmin, ReadOnlyAdmin, VerbAdmin, VerbForm, one_by_one
from crm.errors import Refused
from team.actions import OFF, issue_key, revoke_key, set_shift
from team.models import ApiKey, SecondFactor, ShiftPolicy, User
from team.second_factor import end
from team.sessions import end_others

admin.site.unregister(Group)  # what somebody may do follows from the role alone
admin.site.disable_action("delete_selected")  # what is in use is switched off, not deleted


class PersonForm(CleanForm):
    """A colleague; the password is set here and never shown."""

    password1 = forms.CharField(
        label=_("New password"),
        strip=False,
        max_length=128,
        required=False,
        help_text=_("At least 12 characters; a few unrelated words are good."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label=_("New password again"),
        strip=False,
        max_length=128,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            self.fields["password1"].required = self.fields["password2"].required = True

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        if email and User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise ValidationError(gettext("Another colleague has this e-mail"))
        return email

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        first, again = given.get("password1", ""), given.get("password2", "")
        if first != again and not {"password1", "password2"} & self.errors.keys():
            self.add_error("password2", gettext("The two do not match"))
        if first and "password1" not in self.errors:
            try:
                password_validation.validate_password(first, User(**self._known()))
            except ValidationError as error:
                self.add_error("password1", error)
        return given

    def _known(self) -> dict[str, str]:
        names = ("username", "name", "email")
        return {name: self.cleaned_data.get(name) or getattr(self.instance, name) for name in names}


@admin.register(User)
class PersonAdmin(PageAdmin):
    form = PersonForm
    list_display = ("name", "username", "role", "is_active", "email")
    list_filter = ("role", "is_active")
    search_fields = ("name", "username", "email")
    fieldsets = (
        (None, {"fields": ("username", "name", "email", "role", "is_active", "language")}),
        (_("Work"), {"fields": ("lead_limit", "extension")}),
        (_("Password"), {"fields": ("password1", "password2")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("is_active",)
        return ("username", "role", "is_active") if obj.pk == request.user.pk else ()

    def save_model(self, request: HttpRequest, obj: User, form: PersonForm, change: Any) -> None:
        if form.cleaned_data.get("password1"):
            obj.set_password(form.cleaned_data["password1"])
        super().save_model(request, obj, form, change)
        if change and {"role", "is_active"} & set(form.changed_data):
            set_shift(obj.pk, OFF)  # who has left, or does something else now, is not on line
            end_others(obj.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # switched off instead: history keeps the name


class KeyForm(VerbForm):
    class Meta:
        model = ApiKey
        fields = ("user", "kind", "name", "expires_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "user" in self.fields:
            self.fields["user"].queryset = User.objects.filter(is_active=True)


@admin.register(ApiKey)
class ApiKeyAdmin(VerbAdmin):
    form = KeyForm
    fields = ("user", "kind", "name", "expires_at")
    list_display = ("__str__", "user", "kind", "created_at", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("user",)
    list_filter = ("kind",)
    actions = ("revoke",)

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        shown = ("last4", "created_at", "last_used_at", "revoked_at")
        return (*self.fields, *shown) if obj else self.fields

    def add_by_verb(self, request: HttpRequest, form: KeyForm) -> ApiKey:
        given = form.cleaned_data
        key, plain = issue_key(given["user"].pk, kind=given["kind"], name=given["name"], expires_at=given["expires_at"])
        said = gettext("The key, shown this once: %(key)s") % {"key": plain}
        messages.warning(request, said)
        return key

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a key is given or withdrawn

    @admin.action(description=_("Withdraw the selected keys"))
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        one_by_one(request, keys, lambda key: revoke_key(key.pk))


@admin.register(SecondFactor)
class SecondFactorAdmin(ReadOnlyAdmin):
    """Who has one, who had one, and who ended it. Whoever has lost the app and the codes is let in anew by a reset."""

    fields = list_display = ("user", "confirmed_at", "ended_at", "ended_by")
    list_select_related = ("user", "ended_by")
    list_filter = (("ended_at", admin.EmptyFieldListFilter),)
    search_fields = ("user__name", "user__username")
    actions = ("reset",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SecondFactor]:
        return super().get_queryset(request).exclude(confirmed_at__isnull=True)

    @admin.action(description=_("Reset: the colleague sets up a new one"))
    def reset(self, request: HttpRequest, factors: QuerySet[SecondFactor]) -> None:
        one_by_one(request, factors, lambda factor: self._reset(factor, request.user))

    @staticmethod
    def _reset(factor: SecondFactor, by: Any) -> None:
        if factor.user_id == by.pk:
            raise Refused("own_second_factor", gettext("One's own second factor is reset by another administrator."))
        if factor.ended_at is None:
            end(factor.user_id, by=by)


@admin.register(ShiftPolicy)
class ShiftPolicyAdmin(OneRowAdmin):
    fields = ("ends_at", "longest_hours")
    at_least_one = ("longest_hours",)
