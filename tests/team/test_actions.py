"""People's verbs: keys are given once and kept as a hash, shifts are one open period at a time."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from crm.errors import Invalid
from team.actions import change_password, edit_profile, issue_key, note_use, revoke_key, set_shift, shift_state
from team.models import ApiKey, ShiftPeriod, User
from tests.factories import ManagerFactory, OperatorFactory

pytestmark = pytest.mark.django_db


# --- keys ------------------------------------------------------------------------------------------------------------
def test_a_key_is_shown_once_and_kept_as_a_hash(frozen) -> None:
    user = ManagerFactory()
    key, secret = issue_key(user.pk, name="сайт")
    stored = ApiKey.objects.values().get(pk=key.pk)
    assert len(secret) >= 43  # 256 bits
    assert secret not in {str(value) for value in stored.values()}
    assert (stored["last4"], stored["kind"], stored["created_at"]) == (secret[-4:], "full", frozen.now)
    assert ApiKey.objects.find(secret, frozen.now) == key
    assert ApiKey.objects.find(stored["digest"], frozen.now) is None
    assert issue_key(user.pk)[1] != secret


def test_a_withdrawn_key_opens_nothing_and_stays_listed(frozen) -> None:
    key, secret = issue_key(ManagerFactory().pk)
    revoke_key(key.pk)
    first = ApiKey.objects.get(pk=key.pk).revoked_at
    frozen.move(hours=1)
    revoke_key(key.pk)
    assert ApiKey.objects.find(secret, frozen.now) is None
    assert ApiKey.objects.get(pk=key.pk).revoked_at == first


def test_a_key_works_until_the_very_moment_it_expires(frozen) -> None:
    key, secret = issue_key(ManagerFactory().pk)
    ApiKey.objects.filter(pk=key.pk).update(expires_at=frozen.now)
    assert ApiKey.objects.find(secret, frozen.now - timedelta(microseconds=1)) == key
    assert ApiKey.objects.find(secret, frozen.now) is None


def test_a_colleague_who_left_takes_their_keys_along(frozen) -> None:
    user = ManagerFactory()
    _key, secret = issue_key(user.pk)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert ApiKey.objects.find(secret, frozen.now) is None
    User.objects.filter(pk=user.pk).update(is_active=True)
    assert ApiKey.objects.find(secret, frozen.now) is not None


def test_use_is_written_once_a_minute(frozen) -> None:
    key, _secret = issue_key(ManagerFactory().pk)
    note_use(key, at=frozen.now)
    key.refresh_from_db()
    note_use(key, at=frozen.now + timedelta(seconds=59))
    assert ApiKey.objects.get(pk=key.pk).last_used_at == frozen.now
    note_use(key, at=frozen.now + timedelta(seconds=60))
    assert ApiKey.objects.get(pk=key.pk).last_used_at == frozen.now + timedelta(seconds=60)


# --- shifts ----------------------------------------------------------------------------------------------------------
def test_a_shift_is_told_in_periods(frozen) -> None:
    user = OperatorFactory()
    assert shift_state(user.pk) == "off"
    for state in ("on", "break", "on", "off"):
        assert set_shift(user.pk, state) == state == shift_state(user.pk)
        frozen.move(hours=1)
    periods = ShiftPeriod.objects.filter(user=user).order_by("started_at")
    assert [(period.state, period.ended_at - period.started_at) for period in periods] == [
        ("on", timedelta(hours=1)),
        ("break", timedelta(hours=1)),
        ("on", timedelta(hours=1)),
    ]


def test_the_same_state_again_is_no_change(frozen) -> None:
    user = OperatorFactory()
    set_shift(user.pk, "off")
    set_shift(user.pk, "on")
    begun = frozen.now
    frozen.move(hours=1)
    set_shift(user.pk, "on")
    assert ShiftPeriod.objects.get(user=user).started_at == begun


def test_shifts_of_two_people_do_not_meet() -> None:
    first, second = OperatorFactory(), OperatorFactory()
    set_shift(first.pk, "on")
    set_shift(second.pk, "break")
    assert (shift_state(first.pk), shift_state(second.pk)) == ("on", "break")


def test_another_word_and_another_person_are_refused() -> None:
    with pytest.raises(Invalid) as invalid:
        set_shift(OperatorFactory().pk, "asleep")
    assert list(invalid.value.fields) == ["state"]
    with pytest.raises(User.DoesNotExist):
        set_shift(10**9, "on")


def test_the_database_itself_allows_one_open_period() -> None:
    user = OperatorFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        ShiftPeriod.objects.bulk_create([ShiftPeriod(user=user, state="on"), ShiftPeriod(user=user, state="break")])


# --- profile and password --------------------------------------------------------------------------------------------
def test_a_profile_changes_only_what_is_ones_own_to_say() -> None:
    user = OperatorFactory()
    edit_profile(user.pk, {"name": "Ольга", "role": "admin", "username": "root", "is_active": ""})
    stored = User.objects.get(pk=user.pk)
    assert (stored.name, stored.role, stored.username, stored.is_active) == ("Ольга", "operator", user.username, True)


def test_an_e_mail_that_a_colleague_signs_in_with_is_taken() -> None:
    OperatorFactory(email="orlova@firm.example")
    user = OperatorFactory()
    with pytest.raises(Invalid) as invalid:
        edit_profile(user.pk, {"email": "Orlova@firm.example", "language": "de", "theme": "pink"})
    assert sorted(invalid.value.fields) == ["email", "language", "theme"]
    assert edit_profile(user.pk, {"email": ""}).email == ""


def test_a_password_is_kept_as_a_hash_and_ends_the_sessions() -> None:
    user = OperatorFactory()
    before = user.get_session_auth_hash()
    after = change_password(user.pk, "another long password")
    assert after.check_password("another long password")
    assert "another long password" not in User.objects.get(pk=user.pk).password
    assert after.get_session_auth_hash() != before
