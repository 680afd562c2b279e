"""The posting functions and the triggers that keep the ledger append-only. Their text is in `economy/sql/`."""

from django.db import migrations

from economy import sql


class Migration(migrations.Migration):
    dependencies = [("economy", "0001_initial")]

    operations = [
        migrations.RunSQL(sql.load(), sql.read("drop") + sql.read("types_drop")),
        migrations.RunSQL(sql.read("guards"), sql.read("guards_drop")),
    ]
