"""The second factor: an app that counts codes (RFC 6238), and codes for who has lost it (`reliability.md`, S05).

Who may administer or take lists out needs one where the settings say so. Five wrong codes in a row close the door for a
while; who does not know the password never gets to it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.conf import settings
from django.utils.translation import gettext as _

from crm import clock
from crm.errors import Invalid, Refused
from crm.transactions import verb
from team.models import RecoveryCode, SecondFactor, User
from team.roles import Right, may
from team.sealing import seal, sealed_anew, unseal
from team.sessions import end_others

ISSUER = "CRM"
STEP = 30  # seconds that a code is shown
SECRET_BYTES = 20
RECOVERY_CODES = 10
MOST_WRONG = 5
CLOSED_FOR = timedelta(minutes=15)
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without what looks alike


class Answer(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    CLOSED = "closed"


@dataclass(frozen=True)
class Judgement:
    """What a code was worth; how many more may be wrong, or until when none is looked at."""

    answer: Answer
    left: int = 0
    closed_until: datetime | None = None


def is_required(person: User) -> bool:
    """Whether this person may do nothing without a second factor."""
    return settings.SECOND_FACTOR and (may(person, Right.ADMINISTER) or may(person, Right.EXPORT))


def factor_of(user: User) -> SecondFactor | None:
    """The confirmed second factor of somebody. One query."""
    return SecondFactor.objects.filter(user=user, ended_at__isnull=True, confirmed_at__isnull=False).first()


def codes_left(factor: SecondFactor) -> int:
    return factor.recovery_codes.filter(used_at__isnull=True).count()


@verb
def begin(user_id: int) -> SecondFactor:
    """The second factor that is being set up; the same until it is confirmed, so a picture may be scanned twice.

    Raises Refused `second_factor` for who has a confirmed one.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    factor = SecondFactor.objects.filter(user=user, ended_at__isnull=True).first()
    if factor is not None and factor.confirmed_at is not None:
        raise Refused("second_factor", _("The second factor is set up already."))
    if factor is None:
        factor = SecondFactor(user=user)
    if not factor.sealed or unseal(factor.sealed) is None:
        factor.sealed = seal(secrets.token_bytes(SECRET_BYTES))
        factor.save()
    return factor


def secret_in_words(factor: SecondFactor) -> str:
    """The secret as it is typed into an app: base32 in groups of four."""
    return _groups(base64.b32encode(unseal(factor.sealed) or b"").decode())


def address_for_apps(factor: SecondFactor) -> str:
    """What the picture says: `otpauth://totp/CRM:login?secret=…`."""
    secret = base64.b32encode(unseal(factor.sealed) or b"").decode()
    return f"otpauth://totp/{ISSUER}:{quote(factor.user.username)}?secret={secret}&issuer={ISSUER}"


@verb
def confirm(user_id: int, code: str, *, session: str | None = None) -> list[str]:
    """The app shows the right code: from now on it is asked for. Returns the recovery codes, which cannot be had again.

    Ends the sessions of this person but `session`, which were begun without it. Raises Invalid `code`.
    """
    factor = SecondFactor.objects.select_for_update().get(user_id=user_id, ended_at__isnull=True)
    if factor.confirmed_at is not None or not _is_counted(factor, code):
        raise Invalid({"code": _("The code does not fit. Look at the app again: a code is good for half a minute.")})
    factor.confirmed_at = clock.now()
    factor.save()
    end_others(user_id, but=session)
    return _new_codes(factor)


@verb
def judge(user_id: int, code: str) -> Judgement:
    """Is this the code of the app, or a recovery code? Either opens once. Never raises: what was wrong is counted."""
    factor = SecondFactor.objects.select_for_update().filter(
        user_id=user_id, ended_at__isnull=True, confirmed_at__isnull=False
    ).first()  # fmt: skip
    if factor is None:
        return Judgement(Answer.WRONG)
    now = clock.now()
    if factor.closed_until is not None and factor.closed_until > now:
        return Judgement(Answer.CLOSED, closed_until=factor.closed_until)
    if _is_counted(factor, code) or _is_recovery(factor, code, now):
        factor.wrong, factor.closed_until = 0, None
        factor.sealed = sealed_anew(factor.sealed) or factor.sealed
        factor.save()
        return Judgement(Answer.RIGHT)
    factor.wrong += 1
    if factor.wrong < MOST_WRONG:
        factor.save()
        return Judgement(Answer.WRONG, left=MOST_WRONG - factor.wrong)
    factor.wrong, factor.closed_until = 0, now + CLOSED_FOR
    factor.save()
    return Judgement(Answer.CLOSED, closed_until=factor.closed_until)


@verb
def renew_codes(user_id: int) -> list[str]:
    """New recovery codes instead of the old ones. For who has just shown a code."""
    factor = SecondFactor.objects.select_for_update().get(
        user_id=user_id, ended_at__isnull=True, confirmed_at__isnull=False
    )
    return _new_codes(factor)


@verb
def end(user_id: int, *, by: User) -> bool:
    """End the second factor of somebody; if another does, all their sessions too. Returns whether there was one."""
    factors = SecondFactor.objects.select_for_update().filter(user_id=user_id, ended_at__isnull=True)
    ended = factors.update(ended_at=clock.now(), ended_by=by, sealed="")
    if ended and by.pk != user_id:
        end_others(user_id)
    return bool(ended)


@verb
def reseal_all() -> int:
    """Seal all secrets under the present SECRET_KEY. Returns how many cannot be opened any more."""
    lost = 0
    for factor in SecondFactor.objects.select_for_update().exclude(sealed=""):
        sealed = sealed_anew(factor.sealed)
        lost += sealed is None
        if sealed is not None:
            factor.sealed = sealed
            factor.save(update_fields=["sealed"])
    return lost


def _is_counted(factor: SecondFactor, code: str) -> bool:
    """Whether the app shows this code now, or did or will half a minute away; a code that has opened opens no more."""
    digits = "".join(code.split())
    secret = unseal(factor.sealed)
    if secret is None or not digits.isascii() or not digits.isdecimal():
        return False
    app = TOTP(secret, 6, SHA1(), STEP, enforce_key_length=False)
    present = int(clock.now().timestamp()) // STEP
    for step in (present, present - 1, present + 1):
        if hmac.compare_digest(app.generate(step * STEP), digits.encode()) and step > factor.last_step:
            factor.last_step = step
            return True
    return False


def _is_recovery(factor: SecondFactor, code: str, now: datetime) -> bool:
    unused = factor.recovery_codes.filter(digest=_digest(code), used_at__isnull=True)
    return unused.update(used_at=now) == 1


def _new_codes(factor: SecondFactor) -> list[str]:
    factor.recovery_codes.all().delete()
    plain = ["".join(secrets.choice(_ALPHABET) for _ in range(16)) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(factor=factor, digest=_digest(code)) for code in plain)
    return [_groups(code) for code in plain]


def _digest(code: str) -> str:
    # 16 letters of 31 are 79 random bits, so a plain fast hash is as good as a slow one.
    return hashlib.sha256("".join(code.split()).lower().encode()).hexdigest()


def _groups(text: str) -> str:
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))
