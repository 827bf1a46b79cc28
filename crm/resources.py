"""Rows of files: they come in through a verb, portion by portion, and go out as text that cannot act.

Which columns there are is said in the `resources.py` of each app; what a row may do, by its verb. Where a file comes
from and how far it has been read is `leads.incoming`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import tablib
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from import_export.admin import ExportMixin
from import_export.formats.base_formats import CSV, XLSX
from import_export.forms import ExportForm
from import_export.resources import ModelResource
from import_export.results import RowResult

from crm.errors import Forbidden, Invalid, Refused
from crm.spreadsheets import bounded, plain
from crm.text import fold
from team.models import User


class Verdict(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    REPEAT = "repeat"  # taken in as a duplicate of what is there
    KNOWN = "known"  # was taken in before
    REFUSED = "refused"


@dataclass(frozen=True)
class Outcome:
    """What became, or will become, of a row; `reason` says why, or what is odd about it."""

    verdict: Verdict
    reason: str = ""
    made: models.Model | None = None


@dataclass(frozen=True)
class Row:
    """A row as its columns say: `number` in the file, field -> text."""

    number: int
    given: Mapping[str, str]


@dataclass(frozen=True)
class Context:
    """What the rows of one file share: who brings it, what names it, and what was chosen for it."""

    by: User
    digest: str = ""
    chosen: Mapping[str, Any] | None = None

    def choice(self, name: str) -> Any:
        return (self.chosen or {}).get(name)


Read = TypeVar("Read")


def answer_in_order(rows: Sequence[Read | Outcome], answer: Callable[[list[Read]], Iterable[Outcome]]) -> list[Outcome]:
    """One outcome for each row, in their order. A row that is refused already is its outcome; `answer` gets all the
    others together and says one for each."""
    answers = iter(answer([row for row in rows if not isinstance(row, Outcome)]))
    return [row if isinstance(row, Outcome) else next(answers) for row in rows]


class VerbResource(ModelResource):
    """Rows of a file, each given to `take`, or a portion of them to `take_all`.

    `labels` are the headings that go out, and `spellings` the columns that come in, each with further words that
    other files use for it. A heading is known by any of these, in either language, and by its English name. Several
    columns may be one field of `joined`, which says what stands between them. Of `needed` one has to be there.
    """

    labels: Mapping[str, Any] = {}
    spellings: Mapping[str, tuple[str, ...]] = {}
    joined: Mapping[str, str] = {}
    needed: tuple[str, ...] = ()

    # --- in
    @classmethod
    def guess(cls, headers: Sequence[str]) -> list[str]:
        """The field that each heading names, "" for none; of two that name one, the first."""
        names = {fold(word): name for name, words in cls.spellings.items() for word in (name, *words)}
        for language, _name in settings.LANGUAGES:
            with translation.override(language):
                names |= {fold(str(cls.labels[name])): name for name in cls.spellings}
        guessed: list[str] = []
        for header in headers:
            name = names.get(fold(header), "")
            guessed.append("" if name in guessed and name not in cls.joined else name)
        return guessed

    @classmethod
    def complaint(cls, columns: Sequence[str]) -> str:
        """What is wrong with these columns; empty if a file can be read by them."""
        twice = sorted({name for name in columns if name and name not in cls.joined and columns.count(name) > 1})
        if twice:
            said = ", ".join(str(cls.labels[name]) for name in twice)
            return _("Two columns mean the same: %(columns)s") % {"columns": said}
        if not any(name in columns for name in cls.needed or cls.spellings):
            known = ", ".join(str(cls.labels[name]) for name in cls.needed or cls.spellings)
            return _("Say which column is one of these: %(columns)s") % {"columns": known}
        return ""

    @classmethod
    def read(cls, number: int, cells: Sequence[str], columns: Sequence[str]) -> Row:
        """The cells as fields; the guards of an earlier export are taken off."""
        given: dict[str, str] = {}
        for name, cell in zip(columns, cells, strict=False):
            text = cell.removeprefix("'").strip()
            if name and text:
                given[name] = f"{given[name]}{cls.joined[name]}{text}" if name in given else text
        return Row(number, given)

    def take(self, row: Mapping[str, Any], *, by: User) -> tuple[models.Model | None, bool]:
        """Bring one row in through a verb. Answers its object (None for an empty row) and whether it is new."""
        return None, False

    def take_all(self, rows: Sequence[Row], context: Context) -> list[Outcome]:
        """Bring a portion of rows in, inside the caller's transaction. A refused row is stored in no part."""
        return [self._take_one(row, context) for row in rows]

    def judge_all(self, rows: Sequence[Row], context: Context, seen: dict[str, set[Any]]) -> list[Outcome]:
        """What `take_all` would do, with nothing stored. `seen` keeps what earlier portions of the file had."""
        with transaction.atomic():
            outcomes = self.take_all(rows, context)
            transaction.set_rollback(True)
        return outcomes

    def _take_one(self, row: Row, context: Context) -> Outcome:
        try:
            with transaction.atomic():
                made, is_new = self.take(row.given, by=context.by)
        except Invalid as error:
            return Outcome(Verdict.REFUSED, " ".join(said for all_of in error.fields.values() for said in all_of))
        except (Refused, Forbidden) as error:
            return Outcome(Verdict.REFUSED, error.detail)
        return Outcome(Verdict.NEW if is_new else Verdict.KNOWN, made=made)

    def take_portion(self, rows: Sequence[Row], context: Context) -> list[Outcome]:
        """`take_all` by the library's import: its result is what the outcomes say. Raises what the verbs raise."""
        dataset = tablib.Dataset(*[[row] for row in rows], headers=["row"])
        result = self.import_data(dataset, use_transactions=False, context=context)
        for error in result.base_errors:
            raise error.error
        return list(self.outcomes)

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        """All rows of the portion at once: what each became is told row by row afterwards."""
        self.outcomes = self.take_all(list(dataset["row"]), kwargs["context"])

    def import_row(self, row: Mapping[str, Any], instance_loader: Any, **kwargs: Any) -> RowResult:
        """What became of a row, in the library's words."""
        outcome = self.outcomes[kwargs["row_number"] - 1]
        result = RowResult()
        result.import_type = _TYPES[outcome.verdict]
        if outcome.verdict == Verdict.REFUSED:
            result.validation_error = ValidationError(outcome.reason)
        elif outcome.made is not None:
            result.add_instance_info(outcome.made)
        return result

    def _check_import_id_fields(self, headers: Any) -> None:
        """Columns are judged before, by their headings in either language."""

    # --- out
    def get_export_headers(self, selected_fields: Any = None) -> list[str]:
        return [str(self.labels[name]) for name in super().get_export_headers(selected_fields)]

    def export_field(self, field: Any, instance: Any, **kwargs: Any) -> str:
        """Every cell as text that no spreadsheet takes for a formula."""
        value = super().export_field(field, instance, **kwargs)
        return "" if value is None else plain(bounded(str(value)))


_TYPES = {
    Verdict.NEW: RowResult.IMPORT_TYPE_NEW,
    Verdict.REPEAT: RowResult.IMPORT_TYPE_NEW,
    Verdict.KNOWN: RowResult.IMPORT_TYPE_SKIP,
    Verdict.REFUSED: RowResult.IMPORT_TYPE_INVALID,
}


_YES = frozenset({"1", "true", "yes", "on", "да", "+"})
_NO = frozenset({"0", "false", "no", "off", "нет", "-"})


def yes_or_no(text: str, name: str) -> bool:
    """A switch as people and programs write it. Raises Invalid for the field `name`."""
    word = fold(text)
    if word not in _YES | _NO:
        raise Invalid({name: _("Write 1 or 0: %(value)s") % {"value": text}})
    return word in _YES


class FilesAdmin(ExportMixin):
    """Export of a list in the admin, as CSV and XLSX; files come in by the page of imports, which this links to."""

    change_list_template = "admin/files_list.html"
    formats = (CSV, XLSX)
    export_formats = (CSV, XLSX)
    export_form_class = ExportForm
    to_encoding = "utf-8-sig"
    import_kind = ""  # what the page of imports calls these rows

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        more = {"import_url": f"{reverse('import-list')}?kind={self.import_kind}"} if self.import_kind else {}
        return super().changelist_view(request, {**(extra_context or {}), **more})
