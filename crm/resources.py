"""Files of the admin's import and export: rows come in through a verb, and go out as text that cannot act.

Which columns there are is said in the `resources.py` of each app; what a row may do, by its verb.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from import_export.admin import ImportExportMixin
from import_export.formats.base_formats import CSV, XLSX
from import_export.forms import ExportForm
from import_export.resources import ModelResource
from import_export.results import RowResult

from crm.errors import Forbidden, Invalid, Refused
from crm.spreadsheets import bounded, plain
from crm.text import fold
from team.models import User


class VerbResource(ModelResource):
    """Rows of a file, each given to `take`.

    `labels` are the headings that go out, and `spellings` the columns that come in, each with further words that
    other files use for it. A heading is known by any of these, in either language, and by its English name.
    """

    labels: Mapping[str, Any] = {}
    spellings: Mapping[str, tuple[str, ...]] = {}

    def take(self, row: Mapping[str, Any], *, by: User) -> tuple[models.Model | None, bool]:
        """Bring one row in through a verb. Answers its object (None for an empty row) and whether it is new."""
        return None, False

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        """Know the columns by their headings; what is no column of ours is left out. Refuses a file without any."""
        names = {fold(word): name for name, words in self.spellings.items() for word in (name, *words)}
        for language, _name in settings.LANGUAGES:
            with translation.override(language):
                names |= {fold(str(self.labels[name])): name for name in self.spellings}
        headers = [names.get(fold(str(header)), "") if header is not None else "" for header in dataset.headers or ()]
        if not any(headers):
            known = ", ".join(str(self.labels[name]) for name in self.spellings)
            raise ValidationError(_("The first row must name the columns. Known are: %(columns)s") % {"columns": known})
        twice = sorted({name for name in headers if name and headers.count(name) > 1})
        if twice:
            raise ValidationError(_("Two columns mean the same: %(columns)s") % {"columns": ", ".join(twice)})
        dataset.headers = headers

    def import_row(self, row: Mapping[str, Any], instance_loader: Any, **kwargs: Any) -> RowResult:
        """One row through its verb; a refusal is the row's result, in words."""
        result = RowResult()
        given = {name: value for name, value in row.items() if name}
        result.diff = [str(given.get(name) or "") for name in self.spellings]
        try:
            made, is_new = self.take(given, by=kwargs["user"])
        except Invalid as error:
            result.import_type = RowResult.IMPORT_TYPE_INVALID
            result.validation_error = ValidationError(
                [said for sentences in error.fields.values() for said in sentences]
            )
        except (Refused, Forbidden) as error:
            result.import_type = RowResult.IMPORT_TYPE_INVALID
            result.validation_error = ValidationError(error.detail)
        else:
            known = RowResult.IMPORT_TYPE_UPDATE if self._meta.import_id_fields else RowResult.IMPORT_TYPE_SKIP
            result.import_type = RowResult.IMPORT_TYPE_NEW if is_new else known
            if made is None:
                result.import_type = RowResult.IMPORT_TYPE_SKIP
            else:
                result.add_instance_info(made)
                result.instance = made
        return result

    def _check_import_id_fields(self, headers: Any) -> None:
        """Columns are judged in `before_import`, by their headings in either language."""

    def get_diff_headers(self) -> list[str]:
        return [str(self.labels[name]) for name in self.spellings]

    def get_export_headers(self, selected_fields: Any = None) -> list[str]:
        return [str(self.labels[name]) for name in super().get_export_headers(selected_fields)]

    def export_field(self, field: Any, instance: Any, **kwargs: Any) -> str:
        """Every cell as text that no spreadsheet takes for a formula."""
        value = super().export_field(field, instance, **kwargs)
        return "" if value is None else plain(bounded(str(value)))


class FilesAdmin(ImportExportMixin):
    """Import and export of a list in the admin, as CSV and XLSX. The page itself is open to administrators only."""

    formats = (CSV, XLSX)
    export_formats = (CSV, XLSX)
    import_formats = (CSV, XLSX)
    export_form_class = ExportForm
    to_encoding = "utf-8-sig"

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """The second step reads the file that the first step kept: gone or changed, it has to be chosen again."""
        try:
            return super().process_import(request, **kwargs)
        except (OSError, ValueError, LookupError):
            messages.error(request, _("The file is no longer there. Choose it once more."))
            return self._page("import")

    def process_result(self, result: Any, request: HttpRequest) -> HttpResponse:
        if result.has_errors() or result.has_validation_errors():
            messages.error(request, _("Nothing was imported: meanwhile some rows are refused. Look at them again."))
            return self._page("import")
        return super().process_result(result, request)

    def _page(self, page: str) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:{}_{}_{}".format(*self.get_model_info(), page)))
