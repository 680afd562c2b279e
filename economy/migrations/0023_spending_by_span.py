from django.db import migrations

from economy import sql


class Migration(migrations.Migration):
    """What is given back of an earlier day raises no limit of today's."""

    dependencies = [("economy", "0022_forgotten_cards")]

    operations = [migrations.RunSQL(sql.load(), migrations.RunSQL.noop)]
