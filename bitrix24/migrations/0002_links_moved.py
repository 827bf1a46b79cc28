"""The table of links has moved to `outbox`."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("bitrix24", "0001_initial"),
        ("outbox", "0003_links"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel(name="Link")]),
    ]
