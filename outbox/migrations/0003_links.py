"""The table of links moves here from `bitrix24`, so that imports below it can note an outside id."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("outbox", "0002_delivery"),
        ("bitrix24", "0001_initial"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Link",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("kind", models.CharField(max_length=20, verbose_name="kind")),
                        ("object_id", models.BigIntegerField(verbose_name="object")),
                        ("origin", models.CharField(max_length=60, unique=True)),
                        ("remote_id", models.BigIntegerField(blank=True, null=True, verbose_name="id at the portal")),
                        ("digest", models.CharField(blank=True, max_length=64)),
                        ("values", models.JSONField(blank=True, default=dict)),
                        ("creating_since", models.DateTimeField(blank=True, null=True)),
                        ("looks", models.PositiveSmallIntegerField(default=0)),
                        ("gone_at", models.DateTimeField(blank=True, null=True, verbose_name="gone there since")),
                        ("told_at", models.DateTimeField(blank=True, null=True, verbose_name="last told")),
                    ],
                    options={
                        "verbose_name": "twin at the portal",
                        "verbose_name_plural": "twins at the portal",
                        "db_table": "bitrix24_link",
                        "constraints": [
                            models.UniqueConstraint(fields=("kind", "object_id"), name="one_twin_per_object")
                        ],
                    },
                )
            ]
        ),
        migrations.AlterModelTable(name="link", table=None),
        migrations.AddConstraint(
            model_name="link",
            constraint=models.UniqueConstraint(
                condition=models.Q(("remote_id__isnull", False)),
                fields=("kind", "remote_id"),
                name="one_object_per_twin",
            ),
        ),
    ]
