"""Who was heard last, what was free in a fan's wallet, and receipts of ended calls that add up."""

from django.db import migrations, models

# What was ever set aside: the hold was topped up while the call ran, and the receipt did not say so.
HELD_ADDS_UP = """
UPDATE calls_call SET held_tokens = charged_tokens + released_tokens
WHERE status = 'ended' AND parked_at IS NULL AND held_tokens <> charged_tokens + released_tokens
"""


class Migration(migrations.Migration):
    dependencies = [("calls", "0001_initial")]

    operations = [
        migrations.AddField("callbeat", "heard_at", models.DateTimeField(null=True)),
        migrations.AddField("callinvitation", "granted_tokens", models.BigIntegerField(default=0)),
        migrations.RunSQL(HELD_ADDS_UP, migrations.RunSQL.noop),
    ]
