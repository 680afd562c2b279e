#!/usr/bin/env python
"""Run Digis' commands: `manage.py up` starts everything, `manage.py help` lists the rest."""

import os
import sys
from pathlib import Path


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "digis.settings.development")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("This Python has no Django: run `make setup` once, then .venv/bin/python manage.py …")
    from digis.stack.running import OWN, adopt

    if os.environ["DJANGO_SETTINGS_MODULE"] == "digis.settings.development" and not OWN & set(sys.argv[1:2]):
        adopt(os.environ, root=Path(__file__).resolve().parent)
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
