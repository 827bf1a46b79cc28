"""`bitrix24 check`: both sides field by field, told by the fields' names, and sent again on request."""

import pytest
from django.core.management import CommandError, call_command

from outbox.models import Link
from tests.bitrix24.conftest import Mirror
from tests.factories import lead_in, touch

pytestmark = [pytest.mark.django_db, pytest.mark.shared]


def checked(capsys, *words: str) -> list[str]:
    capsys.readouterr()
    call_command("bitrix24", "check", *words)
    return capsys.readouterr().out.splitlines()


def test_what_differs_is_found_named_and_sent_again(box: Mirror, capsys) -> None:
    row = lead_in("contract", name="Ольга")
    touch(row)
    box.drain()
    lines = checked(capsys)
    assert "lead: equal 1, different 0, gone 0, doubled 0, on the way 0" in lines
    assert any(line.startswith("touch: equal") for line in lines)
    box.twin(row)["name"] = "Чужое"
    box.twin(row.contact)["fm"].append({"id": 9, "typeId": "PHONE", "valueType": "WORK", "value": row.phone})
    box.twin(row.deal)["opportunity"] = 1.0
    next(iter(box.crm.comments.values()))["COMMENT"] = "стёрто"
    next(iter(box.crm.todos.values()))["title"] = "другое"
    with pytest.raises(CommandError):
        checked(capsys)
    out = capsys.readouterr().out
    for said in ("  name: 1", "  phone: 1", "  opportunity: 1", "  COMMENT: 1", "  SUBJECT: 1"):
        assert said in out.splitlines()
    assert "Чужое" not in out
    assert row.phone not in out
    assert Link.objects.get(kind="lead").differs == "name"
    box.crm.items[3][box.twin(row.contact)["id"]]["fm"].pop()
    checked(capsys, "--repair")
    box.drain()
    assert "deal: equal 1, different 0, gone 0, doubled 0, on the way 0" in checked(capsys)
    assert box.twin(row)["name"] == "Ольга"
    assert Link.objects.exclude(differs="").count() == 0


def test_what_is_gone_or_doubled_is_for_a_person(box: Mirror, capsys) -> None:
    row, other = lead_in("meeting"), lead_in("meeting")
    box.drain()
    del box.crm.items[1][box.twin(row)["id"]]
    box.crm.somebody_adds(1, originatorId="BFLCRM", originId=Link.objects.get(kind="lead", object_id=other.pk).origin)
    with pytest.raises(CommandError):
        checked(capsys)
    assert "lead: equal 1, different 0, gone 1, doubled 1, on the way 0" in capsys.readouterr().out
    checked(capsys, "--repair")
    assert Link.objects.get(kind="lead", object_id=row.pk).gone_at is not None
    assert len(box.crm.items[1]) == 2


def test_a_portal_that_requires_more_is_not_fit(box: Mirror, capsys, monkeypatch) -> None:
    known = box.crm.item_fields

    def strict(given):
        fields = known(given)
        fields["fields"]["ufCrmNote"]["isRequired"] = True
        return fields

    monkeypatch.setitem(box.crm.methods, "crm.item.fields", strict)
    with pytest.raises(CommandError):
        checked(capsys, "--portal")
    assert "lead: the portal requires ufCrmNote" in capsys.readouterr().out
