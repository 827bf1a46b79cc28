"""The triggers by which the database itself lets nobody change or delete a line of the journal.

A line may be sealed once, and its words may be erased; anything else is refused, whoever asks. They are no part of the
migrations, because SQLite loses them whenever a later migration rebuilds the table: `manage.py journal guard` puts them
in place after each migrate, and the check of the chain says when they are missing.
"""

from __future__ import annotations

from django.db import connection

from history.models import JournalLine

_TABLE = JournalLine._meta.db_table
_CHANGE, _DELETE = "journal_no_change", "journal_no_delete"
_FREE = {"place", "digest", "words", "salt"}  # may change once, as the condition says
_FIXED = [str(field.column) for field in JournalLine._meta.concrete_fields if field.column not in _FREE]
_SAID = "the journal is only added to"


def _forbidden(differs: str) -> str:
    """When a change is none of the two that may be. `differs` is the database's IS NOT."""
    fixed = " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in _FIXED)
    sealed = " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in ("place", "digest"))
    words = " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in ("words", "salt"))
    return f"{fixed} OR (OLD.place IS NOT NULL AND ({sealed})) OR (({words}) AND (NEW.words <> '' OR NEW.salt <> ''))"


def install() -> None:
    """Put the triggers in place, anew if some are there."""
    remove()
    if connection.vendor == "sqlite":
        refuse = f"BEGIN SELECT RAISE(ABORT, '{_SAID}'); END"
        statements = [
            f"CREATE TRIGGER {_CHANGE} BEFORE UPDATE ON {_TABLE} WHEN {_forbidden('IS NOT')} {refuse}",
            f"CREATE TRIGGER {_DELETE} BEFORE DELETE ON {_TABLE} {refuse}",
        ]
    else:
        statements = [
            f"CREATE OR REPLACE FUNCTION {_CHANGE}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" RAISE EXCEPTION '{_SAID}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
            f"CREATE TRIGGER {_CHANGE} BEFORE UPDATE ON {_TABLE} FOR EACH ROW"
            f" WHEN ({_forbidden('IS DISTINCT FROM')}) EXECUTE FUNCTION {_CHANGE}()",
            f"CREATE TRIGGER {_DELETE} BEFORE DELETE ON {_TABLE} FOR EACH ROW EXECUTE FUNCTION {_CHANGE}()",
        ]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def remove() -> None:
    """Take the triggers away."""
    of_table = "" if connection.vendor == "sqlite" else f" ON {_TABLE}"
    with connection.cursor() as cursor:
        for name in (_CHANGE, _DELETE):
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{of_table}")


def is_guarded() -> bool:
    """Whether both are there. One query."""
    names = f"('{_CHANGE}', '{_DELETE}')"
    asked = (
        f"SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger' AND name IN {names}"
        if connection.vendor == "sqlite"
        else f"SELECT COUNT(*) FROM pg_trigger WHERE tgrelid = '{_TABLE}'::regclass AND tgname IN {names}"
        " AND tgenabled = 'O'"
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return bool(cursor.fetchone()[0] == 2)
