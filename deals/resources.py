"""The catalogues of deals as files: stages and documents."""

from __future__ import annotations

from crm.catalogue_files import CatalogueResource, labels_of
from deals.models import DocumentKind, Stage

_STAGE = ("code", "name", "name_en", "position", "color", "asks", "final", "active")
_DOCUMENT = ("name", "name_en", "required", "position", "active")


class StageResource(CatalogueResource):
    labels = labels_of(Stage, _STAGE)
    spellings = dict.fromkeys(_STAGE, ())
    needed = ("code",)

    class Meta:
        model = Stage
        import_id_fields = ("code",)
        fields = _STAGE
        export_order = _STAGE


class DocumentResource(CatalogueResource):
    """A document has no code: it is known by its name."""

    labels = labels_of(DocumentKind, _DOCUMENT)
    spellings = dict.fromkeys(_DOCUMENT, ())
    key = needed = ("name",)

    class Meta:
        model = DocumentKind
        import_id_fields = ("name",)
        fields = _DOCUMENT
        export_order = _DOCUMENT
