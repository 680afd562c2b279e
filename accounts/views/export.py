"""A person's copy of their data."""

from __future__ import annotations

import json

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import services
from accounts.permissions import require_signed_in, step_up
from accounts.views.nav import render_settings
from digis.core.limits import limited


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("export")
@step_up
def settings_export(request: HttpRequest) -> HttpResponse:
    """Say what the copy holds; on the button's press, hand it out as one file (LAW-9)."""
    person = require_signed_in(request.user)
    if request.method == "POST":
        found = services.export_personal_data(person=person)
        text = json.dumps(found, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
        name = f"digis-{person.username}-{found['made_at']:%Y-%m-%d}.json"
        answer = HttpResponse(text, content_type="application/json; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer
    return render_settings(request, "settings_export", "export", {})
