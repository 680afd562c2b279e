import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from economy import sql


class Migration(migrations.Migration):
    dependencies = [
        ("economy", "0023_spending_by_span"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="taxrate",
            options={
                "ordering": ["country", "region", "-starts_on"],
                "permissions": [("withdraw_taxrate", "Can withdraw tax rates")],
            },
        ),
        migrations.RemoveConstraint(model_name="taxrate", name="economy_tax_rate_once_a_day"),
        migrations.AddField(
            model_name="taxrate",
            name="withdrawal",
            field=models.CharField(blank=True, editable=False, max_length=300),
        ),
        migrations.AddField(
            model_name="taxrate",
            name="withdrawn_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="taxrate",
            name="withdrawn_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="taxrate",
            constraint=models.UniqueConstraint(
                condition=models.Q(("withdrawn_at__isnull", True)),
                fields=("country", "region", "starts_on"),
                name="economy_tax_rate_once_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="taxrate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("withdrawal", ""), ("withdrawn_at__isnull", True), ("withdrawn_by__isnull", True)),
                    models.Q(("withdrawal__gt", ""), ("withdrawn_at__isnull", False), ("withdrawn_by__isnull", False)),
                    _connector="OR",
                ),
                name="economy_tax_rate_withdrawn",
            ),
        ),
        migrations.RunSQL(sql.read("taxes_withdrawn"), sql.read("taxes_withdrawn_drop")),
    ]
