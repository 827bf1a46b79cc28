"""The triggers by which the database itself notes each change of a lead that the source report counts.

They are the one place that no writer can pass by: verbs, bulk writers, an undo, a merged source, a shell. They only add
rows, so writers never wait for each other; `reports.tallies` adds those up. Triggers are no part of the migrations,
because SQLite loses them whenever a later migration rebuilds the table of leads: whoever keeps the tallies looks
whether they are there, and puts them back.
"""

from __future__ import annotations

from django.db import connection

from leads.models import Lead
from reports.models import LeadChange

_PREFIX = "lead_tallies_"
_COUNTED = [field.name for field in LeadChange._meta.concrete_fields if field.name not in ("id", "sign")]
# column of the change -> column of the lead; fields are named alike, columns of foreign keys are not
_COLUMNS: dict[str, str] = {
    field.name: str(field.column) for field in Lead._meta.concrete_fields if field.name in _COUNTED
}
_TABLE, _CHANGES = Lead._meta.db_table, LeadChange._meta.db_table


def _note(sign: int, row: str) -> str:
    values = ", ".join(f"{row}.{column}" for column in _COLUMNS.values())
    return f"INSERT INTO {_CHANGES} (sign, {', '.join(_COLUMNS)}) VALUES ({sign}, {values});"


def _statements() -> list[str]:
    columns = ", ".join(_COLUMNS.values())
    if connection.vendor == "sqlite":
        differs = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in _COLUMNS.values())
        return [
            f"CREATE TRIGGER {_PREFIX}add AFTER INSERT ON {_TABLE} BEGIN {_note(1, 'NEW')} END",
            f"CREATE TRIGGER {_PREFIX}take AFTER DELETE ON {_TABLE} BEGIN {_note(-1, 'OLD')} END",
            f"CREATE TRIGGER {_PREFIX}change AFTER UPDATE OF {columns} ON {_TABLE} WHEN {differs}"
            f" BEGIN {_note(-1, 'OLD')} {_note(1, 'NEW')} END",
        ]
    was, became = (", ".join(f"{row}.{column}" for column in _COLUMNS.values()) for row in ("OLD", "NEW"))
    return [
        f"CREATE OR REPLACE FUNCTION {_PREFIX}note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF TG_OP <> 'INSERT' THEN {_note(-1, 'OLD')} END IF;"
        f" IF TG_OP <> 'DELETE' THEN {_note(1, 'NEW')} END IF;"
        " RETURN NULL; END $$",
        f"CREATE TRIGGER {_PREFIX}add AFTER INSERT ON {_TABLE} FOR EACH ROW EXECUTE FUNCTION {_PREFIX}note()",
        f"CREATE TRIGGER {_PREFIX}take AFTER DELETE ON {_TABLE} FOR EACH ROW EXECUTE FUNCTION {_PREFIX}note()",
        f"CREATE TRIGGER {_PREFIX}change AFTER UPDATE OF {columns} ON {_TABLE} FOR EACH ROW"
        f" WHEN (ROW({was}) IS DISTINCT FROM ROW({became})) EXECUTE FUNCTION {_PREFIX}note()",
    ]


def installed_sql() -> str:
    """An SQL expression: how many of the three triggers there are."""
    if connection.vendor == "sqlite":
        return f"(SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE '{_PREFIX}%%')"
    return (
        f"(SELECT COUNT(*) FROM pg_trigger WHERE tgrelid = '{_TABLE}'::regclass AND tgname LIKE '{_PREFIX}%%'"
        " AND tgenabled = 'O')"
    )


WHOLE = 3


def install() -> None:
    """Put the triggers in place, anew if some are there."""
    remove()
    with connection.cursor() as cursor:
        for statement in _statements():
            cursor.execute(statement)


def remove() -> None:
    """Take the triggers away; the tallies are then no longer exact."""
    of_table = "" if connection.vendor == "sqlite" else f" ON {_TABLE}"
    with connection.cursor() as cursor:
        for name in ("add", "take", "change"):
            cursor.execute(f"DROP TRIGGER IF EXISTS {_PREFIX}{name}{of_table}")
