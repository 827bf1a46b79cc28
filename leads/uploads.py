"""What people do with files that they bring in: choose one, say what its columns mean, start it, take it away."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import PurePath

from django.utils.translation import gettext as _

from crm import clock, private_files, tables
from crm.errands import Errand
from crm.errors import Forbidden, Invalid, Refused
from crm.nudges import CARRY_FILES, nudge
from crm.text import clean, fold
from crm.transactions import verb
from history.actions import note
from history.models import Event
from leads.former_resource import JUNK, OWNER, SOURCE, STATUS, FormerLeadResource
from leads.incoming import RESOURCES, may_import, stored_files
from leads.models import HeaderSet, ImportFile, ValueMeaning
from leads.pipeline import JunkReason, Status
from leads.unmapped import name_source
from sources.models import Source
from team.models import User

KEPT = timedelta(days=7)  # how long a file and its refused rows are kept


def _require_right(by: User | None) -> None:
    if not may_import(by):
        raise Forbidden(_("Files are brought in by an administrator."))


def upload(pieces: Iterable[bytes], *, name: str, kind: str, by: User) -> ImportFile:
    """Store a file, look at its beginning, and have it looked through. Raises Forbidden, Invalid for what is refused.

    The columns are those chosen the last time for the same headings, else guessed. An export of Bitrix24 is recognised.
    """
    _require_right(by)
    if kind not in RESOURCES:
        raise Invalid({"kind": _("Say what is in the file.")})
    name = clean(PurePath(name.replace("\\", "/")).name, limit=200) or "—"
    stored = private_files.store(pieces, "")
    try:
        head = tables.look(private_files.path_of(stored), name)
    except (tables.Unreadable, OSError) as error:
        private_files.remove(stored)
        if isinstance(error, OSError):
            raise
        raise Invalid({"file": str(error)}) from error
    if kind == ImportFile.Kind.LEADS and _is_former_base(head.headers):
        kind = ImportFile.Kind.BITRIX24
    return _remember(stored, name, kind, head, by=by)


def _is_former_base(headers: Sequence[str]) -> bool:
    guessed = FormerLeadResource.guess(headers)
    return {"remote_id", "status", "title"} <= set(guessed)


@verb
def _remember(stored: str, name: str, kind: str, head: tables.Head, *, by: User) -> ImportFile:
    columns = _columns_of(kind, head.headers)
    file = ImportFile(by=by, asked_at=clock.now(), kind=kind, name=name, stored=stored, headers=head.headers)
    file.layout, file.columns = head.layout.as_json(), columns
    file.sample = {"rows": [[number, [cell[:200] for cell in cells], "", ""] for number, cells in head.sample]}
    if RESOURCES[kind].complaint(columns):
        file.state, file.trouble = Errand.State.FAILED, RESOURCES[kind].complaint(columns)
    file.save()
    nudge(CARRY_FILES)
    return file


def _columns_of(kind: str, headers: Sequence[str]) -> list[str]:
    known = HeaderSet.objects.filter(kind=kind, digest=_digest(headers)).first()
    if known is not None and len(known.columns) == len(headers):
        return [name if name in RESOURCES[kind].spellings else "" for name in known.columns]
    return RESOURCES[kind].guess(headers)


def _digest(headers: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(fold(header) for header in headers).encode()).hexdigest()


def _lock(file_id: int, *, by: User) -> ImportFile:
    """A file that has not been started yet, locked. Raises ImportFile.DoesNotExist, Forbidden, Refused."""
    _require_right(by)
    file = ImportFile.objects.select_for_update(of=("self",)).get(pk=file_id)
    if file.step != ImportFile.Step.CHECK or not file.stored:
        raise Refused("started", _("This file has been started already."))
    return file


@verb
def choose_columns(file_id: int, columns: Sequence[str], source: str, *, by: User) -> ImportFile:
    """Say which field each column is ("" for none), and which source (code, or "") rows without one have.

    It is remembered for the next file with these headings, and the file is looked through anew. Raises Invalid too.
    """
    file = _lock(file_id, by=by)
    resource = RESOURCES[file.kind]
    chosen = [name if name in resource.spellings else "" for name in columns][: len(file.headers)]
    chosen += [""] * (len(file.headers) - len(chosen))
    if said := resource.complaint(chosen):
        raise Invalid({"columns": said})
    if source and not Source.objects.filter(code=source).exists():
        raise Invalid({"source": _("There is no such source.")})
    at = clock.now()
    HeaderSet.objects.update_or_create(
        kind=file.kind, digest=_digest(file.headers), defaults={"columns": chosen, "used_at": at}
    )
    file.columns, file.meanings = chosen, ({"source": source} if source else {})
    return _look_again(file)


@verb
def give_meanings(file_id: int, meanings: Mapping[str, Mapping[str, str]], *, by: User) -> ImportFile:
    """Say what values of another system are here: field -> value -> code of a status, source or colleague.

    A source becomes an alias of the catalogue. All is remembered, and the file is looked through anew.
    """
    file = _lock(file_id, by=by)
    allowed = {STATUS: set(status_codes()), OWNER: {str(pk) for pk in User.objects.values_list("pk", flat=True)}}
    sources = {source.code: source.pk for source in Source.objects.filter(merged_into__isnull=True)}
    for field, values in meanings.items():
        for value, code in values.items():
            if field == SOURCE and code in sources:
                name_source(value, sources[code], by=by)
            elif code in allowed.get(field, ()):
                ValueMeaning.objects.update_or_create(field=field, folded=fold(value)[:200], defaults={"code": code})
    return _look_again(file)


def status_codes() -> list[str]:
    """What a stage of another system may be: a status, or "junk:" and the reason."""
    statuses = [str(status) for status in Status if status != Status.JUNK]
    return statuses + [JUNK + reason for reason in JunkReason]


def _look_again(file: ImportFile) -> ImportFile:
    file.state, file.trouble, file.finished_at = Errand.State.WAITING, "", None
    file.driver = file.driven_until = None  # whoever looks through it now loses it
    file.done = file.beginnings = 0
    file.save()
    nudge(CARRY_FILES)
    return file


@verb
def start(file_id: int, *, by: User) -> ImportFile:
    """Take the rows in, from now on, by a worker. Raises Refused unless the file has been looked through."""
    file = _lock(file_id, by=by)
    if not file.is_checked:
        raise Refused("not_checked", _("The file has not been looked through yet."))
    at = clock.now()
    file.step, file.state, file.finished_at = ImportFile.Step.TAKE, Errand.State.WAITING, None
    file.place = file.done = file.new = file.repeats = file.known = file.refused = file.beginnings = 0
    file.started_at = at
    file.save()
    note(Event.Kind.IMPORTED, at=at, by=by, new=file.kind, file=file.name, rows=file.total, digest=file.digest)
    nudge(CARRY_FILES)
    return file


@verb
def stop(file_id: int, *, by: User) -> ImportFile:
    """Break a file off. What has been taken in stays; starting the same file again takes in the rest."""
    _require_right(by)
    file = ImportFile.objects.select_for_update(of=("self",)).get(pk=file_id)
    if file.is_open:
        file.state, file.finished_at, file.trouble = Errand.State.FAILED, clock.now(), _("It was stopped.")
        file.driver = file.driven_until = None
        file.save()
    return file


def clear_old() -> int:
    """Remove files, and their refused rows, that nobody has touched for KEPT. The line of what was taken in stays."""
    before = clock.now() - KEPT
    old = ImportFile.objects.filter(asked_at__lt=before).exclude(stored="").exclude(state=Errand.State.RUNNING)
    removed = 0
    for file in old[:100]:
        for path in stored_files(file):
            path.unlink(missing_ok=True)
        _forget(file.pk)
        removed += 1
    return removed


@verb
def _forget(file_id: int) -> None:
    file = ImportFile.objects.select_for_update(of=("self",)).get(pk=file_id)
    file.refused_rows.all().delete()
    file.stored, file.sample, file.unknown = "", [], {}
    if file.is_open:
        file.state = Errand.State.FAILED
    file.save()
