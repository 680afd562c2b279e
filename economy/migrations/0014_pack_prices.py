import django.db.models.deletion
from django.db import migrations, models

import digis.core.clock


class Migration(migrations.Migration):
    dependencies = [
        ("economy", "0013_exchange_rates"),
    ]

    operations = [
        migrations.CreateModel(
            name="PackPrice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(max_length=3)),
                ("amount_minor", models.BigIntegerField()),
                ("updated_at", models.DateTimeField(default=digis.core.clock.now, editable=False)),
                (
                    "pack",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="prices", to="economy.pack"
                    ),
                ),
            ],
            options={
                "ordering": ["pack__position", "currency"],
                "constraints": [
                    models.UniqueConstraint(fields=("pack", "currency"), name="economy_pack_price_once"),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="economy_pack_price_amount"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="purchase",
            name="rate_day",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="purchase",
            name="rate_micros",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="purchase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("rate_day__isnull", True), ("rate_micros__isnull", True)),
                    models.Q(("rate_day__isnull", False), ("rate_micros__gt", 0), ("rate_micros__isnull", False)),
                    _connector="OR",
                ),
                name="economy_purchase_rate",
            ),
        ),
    ]
