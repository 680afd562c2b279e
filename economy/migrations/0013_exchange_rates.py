import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import digis.core.clock
from economy import sql


class Migration(migrations.Migration):
    dependencies = [
        ("economy", "0012_purchase_returns"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ExchangeRate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(max_length=3)),
                ("day", models.DateField()),
                ("micros", models.BigIntegerField()),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("bank", "European Central Bank"),
                            ("staff", "Staff"),
                            ("fixed", "Fixed, for development"),
                        ],
                        max_length=5,
                    ),
                ),
                ("created_at", models.DateTimeField(default=digis.core.clock.now, editable=False)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-day", "currency"],
                "constraints": [
                    models.UniqueConstraint(fields=("currency", "day"), name="economy_rate_once_a_day"),
                    models.CheckConstraint(
                        condition=models.Q(("micros__gt", 0), ("micros__lt", 1000000000000)),
                        name="economy_rate_micros",
                    ),
                ],
            },
        ),
        migrations.RunSQL(sql.read("rates"), sql.read("rates_drop")),
    ]
