"""Offices, scripts of calls, messengers and the texts sent by them, as files."""

from __future__ import annotations

from import_export.fields import Field

from contacts.models import MessageTemplate, Messenger
from crm.catalogue_files import CatalogueResource, labels_of
from leads.models import CallScript, Office

_OFFICE = ("code", "name", "address", "position", "active")
_SCRIPT = ("status", "step_1", "step_2", "step_3")
_MESSENGER = ("code", "name", "link", "position", "active")
_TEMPLATE = ("name", "text", "status", "task_kind", "messenger", "position", "active")


class OfficeResource(CatalogueResource):
    labels = labels_of(Office, _OFFICE)
    spellings = dict.fromkeys(_OFFICE, ())
    needed = ("code",)

    class Meta:
        model = Office
        import_id_fields = ("code",)
        fields = _OFFICE
        export_order = _OFFICE


class ScriptResource(CatalogueResource):
    labels = labels_of(CallScript, _SCRIPT)
    spellings = dict.fromkeys(_SCRIPT, ())
    key = needed = ("status",)

    class Meta:
        model = CallScript
        import_id_fields = ("status",)
        fields = _SCRIPT
        export_order = _SCRIPT


class MessengerResource(CatalogueResource):
    labels = labels_of(Messenger, _MESSENGER)
    spellings = dict.fromkeys(_MESSENGER, ())
    needed = ("code",)

    class Meta:
        model = Messenger
        import_id_fields = ("code",)
        fields = _MESSENGER
        export_order = _MESSENGER


class TemplateResource(CatalogueResource):
    """A text has no code: it is known by its name."""

    labels = labels_of(MessageTemplate, _TEMPLATE)
    spellings = dict.fromkeys(_TEMPLATE, ())
    key = needed = ("name",)
    messenger = Field(column_name="messenger", attribute="messenger__code")

    class Meta:
        model = MessageTemplate
        import_id_fields = ("name",)
        fields = _TEMPLATE
        export_order = _TEMPLATE
