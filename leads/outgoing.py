"""Lists that are taken out as files: who may take how much, writing the file in portions, and giving it to its owner.

Each is a line in the journal: who, when, which list with which filters, how many rows, what for (`reliability.md` I11).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Sum
from django.utils import translation
from django.utils.translation import gettext as _

from crm import clock, private_files
from crm.errands import Errand, claim, drive, finish, keep
from crm.errors import Forbidden, Invalid, Refused
from crm.nudges import CARRY_FILES, nudge
from crm.sheets import Cell, Format, write
from crm.text import clean
from crm.transactions import verb
from history import journal
from leads.exported_lists import listed, table
from leads.models import ExportFile, ExportPolicy, ImportFile
from team.models import User
from team.roles import Right, may

AT_ONCE = 5000  # rows that are written while the person waits; more are the worker's
_NOTED_EVERY = 500  # rows
LEFT_ALONE = 6 * 3600.0  # seconds after which a file that no row names was left by a killed process
_LONGEST_QUERY = 4000


def ask_export(what: str, query: str, kind: str, reason: str, *, by: User) -> ExportFile:
    """Take the list `what` with the filters of an address out as a file, for a `reason`.

    A short one is written at once, a long one by the worker. Raises Forbidden, Invalid, Refused beyond the limits.
    """
    if not may(by, Right.EXPORT):
        raise Forbidden(_("Lists are taken out by the head of the call centre."))
    if not clean(reason):
        raise Invalid({"reason": _("Say what the list is for")})
    if what not in ExportFile.What.values or kind not in ExportFile.Format.values:
        raise Invalid({"format": _("One of: %(words)s") % {"words": ", ".join(ExportFile.Format.values)}})
    query = clean(query)[:_LONGEST_QUERY]
    export = _remember(what, query, kind, clean(reason, limit=300), by=by, rows=listed(what, query, by=by).rows.count())
    if export.total <= AT_ONCE and (mine := claim(ExportFile, export.pk)) is not None:
        _write(mine)
        export.refresh_from_db()
    return export


def note_export(what: str, query: str, kind: str, *, by: User, rows: int) -> None:
    """Rows are being taken out by another page than the lists', which answers with the file itself: the same limits
    and the same journal. Raises Forbidden, Refused.
    """
    if not may(by, Right.EXPORT):
        raise Forbidden(_("Lists are taken out by the head of the call centre."))
    _remember(what, clean(query)[:_LONGEST_QUERY], kind, _("From the administration"), by=by, rows=rows, given=True)


@verb
def _remember(what: str, query: str, kind: str, reason: str, *, by: User, rows: int, given: bool = False) -> ExportFile:
    """A line of the journal, within the limits; `given`: the file is no work of ours."""
    at = clock.now()
    User.objects.select_for_update(no_key=True).get(pk=by.pk)  # two pressed at once are counted one after the other
    policy = ExportPolicy.current()
    mine = ExportFile.objects.filter(by=by).exclude(state=Errand.State.FAILED)
    if mine.filter(asked_at__gt=at - timedelta(hours=1)).count() >= policy.files_an_hour:
        raise Refused(
            "export_limit",
            _("You have taken out %(count)s files in an hour. Wait a little.") % {"count": policy.files_an_hour},
        )
    taken = mine.filter(asked_at__gt=at - timedelta(hours=24)).aggregate(rows=Sum("total"))["rows"] or 0
    if taken + rows > policy.rows_a_day:
        said = _("In 24 hours %(most)s rows may be taken out, %(left)s are left; here are %(rows)s. Narrow the filter.")
        left = max(0, policy.rows_a_day - taken)
        raise Refused("export_limit", said % {"most": policy.rows_a_day, "left": left, "rows": rows})
    export = ExportFile.objects.create(
        by=by,
        asked_at=at,
        what=what,
        query=query,
        format=kind,
        reason=reason,
        total=rows,
        **({"state": Errand.State.DONE, "done": rows, "finished_at": at, "taken_at": at} if given else {}),
    )
    journal.write(
        journal.Action.EXPORTED,
        by=by,
        kind="export",
        object_id=export.pk,
        words="\n".join(filter(None, (reason, query))),
        details={"list": what, "rows": rows, "format": kind},
    )
    if not given:
        nudge(CARRY_FILES)
    return export


def carry_out(*, seconds: float) -> bool:
    """Write the files that wait, the oldest first, for some seconds. Returns whether there is more to do."""
    drive(ExportFile, _write, until=time.monotonic() + seconds)
    return ExportFile.objects.filter(state__in=(Errand.State.WAITING, Errand.State.RUNNING)).exists()


def _write(export: ExportFile) -> None:
    """Write the file anew from its beginning, whoever began it before."""
    with translation.override(export.by.language):
        if not may(export.by, Right.EXPORT):
            finish(export, trouble=_("You may not take lists out any more."))
            return
        name = private_files.new_name(f".{export.format}")
        try:
            with private_files.path_of(name).open("xb") as file:
                lines = _counted(export, listed(export.what, export.query, by=export.by).lines())
                write(table(export.what, export.query, by=export.by, lines=lines), Format(export.format), file)
            kept = timedelta(hours=ExportPolicy.current().hours_kept)
            finish(export, stored=name, done=export.done, total=export.done, expires_at=clock.now() + kept)
        except BaseException:
            private_files.remove(name)
            raise


def _counted(export: ExportFile, lines: Iterator[list[Cell]]) -> Iterator[list[Cell]]:
    """The lines as they are, while the row says how far they are and that somebody is still at it."""
    number = 0
    for number, line in enumerate(lines, start=1):
        yield line
        if number % _NOTED_EVERY == 0:
            _progress(export, number)
    export.done = number


@verb
def _progress(export: ExportFile, done: int) -> None:
    keep(export, done=done)


@verb
def note_download(export_id: int, *, by: User) -> ExportFile:
    """The file is given to its owner. Raises ExportFile.DoesNotExist for others, Refused once its time is over."""
    export = ExportFile.objects.select_for_update(of=("self",)).get(pk=export_id, by=by)
    at = clock.now()
    if not may(by, Right.EXPORT):
        raise Forbidden(_("Lists are taken out by the head of the call centre."))
    if not export.stored or (export.expires_at is not None and export.expires_at <= at):
        raise Refused("expired", _("The file is no longer kept. Take the list out anew."))
    export.taken_at = at
    export.save(update_fields=["taken_at"])
    return export


def clear_expired() -> int:
    """Remove files whose time is over, and what a killed worker left; what was taken out, by whom and what for stays.

    Returns how many files of the journal were removed.
    """
    gone = ExportFile.objects.filter(expires_at__lte=clock.now()).exclude(stored="")
    removed = 0
    for export in gone[:500]:
        private_files.remove(export.stored)
        removed += _forget(export.pk)
    named = {*ExportFile.objects.exclude(stored="").values_list("stored", flat=True)}
    named |= {*ImportFile.objects.exclude(stored="").values_list("stored", flat=True)}
    private_files.clear_unnamed(named, older_than=LEFT_ALONE)
    return removed


@verb
def _forget(export_id: int) -> int:
    return ExportFile.objects.filter(pk=export_id).update(stored="")
