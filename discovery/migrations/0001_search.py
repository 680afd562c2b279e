"""What search stands on: folded text, trigrams with their indexes, and one function that finds creators by words."""

from pathlib import Path

from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations

SQL = (Path(__file__).parents[1] / "sql" / "search.sql").read_text(encoding="utf-8")
UNDO = """
DROP FUNCTION discovery_find_creators(text);
DROP INDEX discovery_place_trigrams, discovery_headline_trigrams, discovery_name_trigrams;
DROP FUNCTION discovery_fold(text);
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [("accounts", "0001_initial")]
    operations = [TrigramExtension(), UnaccentExtension(), migrations.RunSQL(SQL, UNDO)]
