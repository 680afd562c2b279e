"""A template loader that writes onto every form which one of which template it is."""

from __future__ import annotations

import re
from typing import Any

from django.template import Origin
from django.template.loaders.filesystem import Loader as FilesystemLoader
from typing_extensions import override

TAG = re.compile(r"<form\b")
COMMENT = re.compile(r"\{#.*?#\}|\{% comment.*?%\}.*?\{% endcomment %\}", re.DOTALL)


def mark(name: str, source: str) -> str:
    """Number the forms of a template."""
    parts = TAG.split(source)
    return parts[0] + "".join(f'<form data-form-of="{name}:{n}"{part}' for n, part in enumerate(parts[1:], 1))


def forms_in(name: str, source: str) -> list[str]:
    """Return the marks of a template's forms."""
    return re.findall(r'data-form-of="([^"]+)"', mark(name, COMMENT.sub("", source)))


class Loader(FilesystemLoader):
    @override
    def get_contents(self, origin: Origin) -> str:
        return mark(origin.template_name if isinstance(origin.template_name, str) else "", super().get_contents(origin))


def with_marks(templates: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the TEMPLATES setting with this loader in place of the one that reads our folder."""

    def swap(found: Any) -> Any:
        if isinstance(found, (list, tuple)):
            return type(found)(swap(item) for item in found)
        return f"{__name__}.Loader" if found == "django.template.loaders.filesystem.Loader" else found

    first, *rest = templates
    return [{**first, "OPTIONS": {**first["OPTIONS"], "loaders": swap(first["OPTIONS"]["loaders"])}}, *rest]
