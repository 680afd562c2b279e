"""The site's routes, and each error page by its number."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path

from digis.core.http import error_page
from tests.core.urls import handler400, handler403, handler404, handler500
from tests.core.urls import urlpatterns as site

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


@login_not_required
def show(request: HttpRequest, status: int) -> HttpResponse:
    return error_page(request, status)


urlpatterns = [path("probe/page/<int:status>/", show), *site]
