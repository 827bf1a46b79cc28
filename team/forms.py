"""Forms about oneself: signing in, the profile, the password (judged here by the validators of the settings)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from crm.text import clean
from team.models import User
from team.signin import username_for

LONGEST_NAME = 254  # of a login or an e-mail


class SignInForm(AuthenticationForm):
    """Login or work e-mail, and the password. What was typed stays in the field."""

    remember = forms.BooleanField(required=False)

    def clean_username(self) -> str:
        # A longer name belongs to nobody, and the record of failed attempts could not hold it.
        return username_for(self.cleaned_data["username"][:LONGEST_NAME])


class CleanField(forms.CharField):
    """Text without what is invisible or cannot be stored."""

    def to_python(self, value: Any) -> str:
        return clean(super().to_python(value))


class ProfileForm(forms.Form):
    name = CleanField(label=_("Name"), max_length=150)
    email = forms.EmailField(
        label=_("Work e-mail"), max_length=254, required=False, help_text=_("You can sign in with it.")
    )
    language = forms.ChoiceField(label=_("Language"), choices=User.Language.choices, widget=forms.RadioSelect)
    theme = forms.ChoiceField(label=_("Theme"), choices=User.Theme.choices, widget=forms.RadioSelect)
    sound = forms.BooleanField(
        label=_("Sound"),
        required=False,
        help_text=_("A short sound for a new lead and for a promised call that is due."),
    )
    shortcuts = forms.BooleanField(
        label=_("Single keys"), required=False, help_text=_("Ctrl+Enter and Esc work always.")
    )


class PasswordForm(forms.Form):
    """A new password, given twice, by somebody who knows the present one."""

    error_css_class = "field--bad"

    present = forms.CharField(
        label=_("Present password"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=_("New password"),
        strip=False,
        max_length=128,
        help_text=_("At least 12 characters; a few unrelated words are good."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("New password again"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_present(self) -> str:
        if not self.user.check_password(self.cleaned_data["present"]):
            raise ValidationError(_("This is not your present password"))
        return str(self.cleaned_data["present"])

    def clean_new(self) -> str:
        password_validation.validate_password(self.cleaned_data["new"], self.user)
        return str(self.cleaned_data["new"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("new") and cleaned.get("again") and cleaned["new"] != cleaned["again"]:
            self.add_error("again", _("The two do not match"))
        return cleaned
