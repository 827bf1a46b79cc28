"""The API's description: how drf-spectacular makes it, and what it says of every call alike (how it refuses).

Read by the settings, so it imports nothing of ours.
"""

from __future__ import annotations

from typing import Any

SETTINGS: dict[str, Any] = {
    "TITLE": "CRM",
    "DESCRIPTION": "Intake, leads, deals and reports. Times are ISO 8601 with offset, money is a decimal string.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "crm.api_schema.add_errors"],
    "ENUM_NAME_OVERRIDES": {
        "LeadStatus": "leads.pipeline.Status",
        "JunkReason": "leads.pipeline.JunkReason",
        "Channel": "leads.touch_policy.Channel",
        "Direction": "leads.touch_policy.Direction",
        "Outcome": "leads.touch_policy.Outcome",
        "Role": "team.roles.Role",
        "NoticeKind": "team.models.NoticeKind",
        "TaskKind": "tasks.models.Kind",
        "TaskState": "tasks.models.Task.State",
    },
}
_SENTENCES = {"type": "array", "items": {"type": "string"}}

COMPONENTS: dict[str, Any] = {
    "Error": {
        "type": "object",
        "description": "Why the call was refused: a code for programs, a sentence for people.",
        "properties": {"code": {"type": "string"}, "detail": {"type": "string"}},
        "required": ["code", "detail"],
    },
    "FieldErrors": {
        "type": "object",
        "description": "What is wrong with the request: field name -> sentences.",
        "additionalProperties": _SENTENCES,
    },
    "Refusal": {
        "type": "object",
        "description": "A rule forbids it now; `allowed` are the statuses that are possible instead.",
        "properties": {
            "code": {"type": "string"},
            "detail": {"type": "string"},
            "allowed": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["code", "detail"],
    },
}
_ERROR = {"$ref": "#/components/schemas/Error"}
_EITHER = {"anyOf": [_ERROR, {"$ref": "#/components/schemas/FieldErrors"}]}
_REFUSAL = {"$ref": "#/components/schemas/Refusal"}
_RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}

_ALWAYS: dict[str, tuple[str, Any]] = {
    "400": ("The request is wrong: by field, or as a whole.", _EITHER),
    "401": ("There is no key, or it is not valid.", _ERROR),
    "403": ("This is not for this key or this role to do.", _ERROR),
    "404": ("There is no such record, or it is not yours to see.", _ERROR),
    "406": ("The answer is JSON only.", _ERROR),
    "503": ("The database is busy or away.", _ERROR),
}
_WITH_BODY: dict[str, tuple[str, Any]] = {
    "409": ("A rule forbids it now, or somebody was faster.", _REFUSAL),
    "413": ("The body is longer than 256 KB.", _ERROR),
    "415": ("The body is no JSON in UTF-8.", _ERROR),
}
_THROTTLED = ("Too many requests.", _ERROR)
OPEN_TO_ALL = {"/api/v1/schema/"}


def add_errors(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:  # noqa: FBT001
    """Add the error answers to each operation of the description (a hook of drf-spectacular)."""
    result["components"].setdefault("schemas", {}).update(COMPONENTS)
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            errors = dict(_ALWAYS)
            if method in {"post", "patch"}:
                errors |= _WITH_BODY
            if operation.pop("x-throttled", False):
                errors["429"] = _THROTTLED
            if path in OPEN_TO_ALL:
                errors = {"406": _ALWAYS["406"]}
            for status, (description, schema) in errors.items():
                response = {"description": description, "content": {"application/json": {"schema": schema}}}
                if status in {"429", "503"}:
                    response["headers"] = _RETRY_AFTER
                operation["responses"].setdefault(status, response)
            operation["responses"] = dict(sorted(operation["responses"].items()))
    return result
