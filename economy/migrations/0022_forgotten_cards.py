from django.db import migrations, models

import digis.core.clock


class Migration(migrations.Migration):
    """Cards that were removed are known, so that no old page brings them back."""

    dependencies = [("economy", "0021_fee_rule_withdrawal")]

    operations = [
        migrations.CreateModel(
            name="ForgottenCard",
            fields=[
                ("method_id", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("forgotten_at", models.DateTimeField(default=digis.core.clock.now, editable=False)),
            ],
        ),
    ]
