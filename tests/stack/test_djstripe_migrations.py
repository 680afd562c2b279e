"""dj-stripe's tables are made by one migration of ours; it must give exactly what the package's models say."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import djstripe
from django.apps import apps
from django.conf import settings
from django.db import migrations
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.questioner import MigrationQuestioner
from django.db.migrations.state import ProjectState

ADVICE = (
    "Make it anew: remove digis/stack/djstripe_migrations/0001_initial.py and run "
    "`manage.py makemigrations djstripe -n initial`."
)


def test_our_migration_equals_the_models_of_the_installed_package():
    assert settings.MIGRATION_MODULES["djstripe"] == "digis.stack.djstripe_migrations"
    loader = MigrationLoader(None)
    detector = MigrationAutodetector(
        loader.project_state(), ProjectState.from_apps(apps), MigrationQuestioner(specified_apps={"djstripe"})
    )

    changes = detector.changes(graph=loader.graph, trim_to_apps={"djstripe"}).get("djstripe", [])

    assert not [operation.describe() for migration in changes for operation in migration.operations], ADVICE


def test_the_package_has_no_data_migration_that_ours_would_leave_out():
    folder = Path(djstripe.__file__).parent / "migrations"
    for file in sorted(folder.glob("0*.py")):
        operations = import_module(f"djstripe.migrations.{file.stem}").Migration.operations
        acting = [op for op in operations if isinstance(op, migrations.RunPython | migrations.RunSQL)]
        assert not acting, f"{file.name} moves data: bring that into our migration by hand. {ADVICE}"
