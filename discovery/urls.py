"""The surfaces that mix apps."""

from django.urls import path, re_path

from discovery import views

app_name = "discovery"

urlpatterns = [
    path("", views.home, name="home"),
    # /explore/
    path("explore/", views.explore, name="explore"),
    path("explore/<slug:category>/", views.explore, name="category"),
    # /search/
    path("search/", views.search, name="search"),
    # /help/
    path("help/", views.help_page, name="help"),
    # /studio/
    path("studio/", views.studio, name="studio"),
    # /dev/
    path("dev/components/", views.components, name="components"),
    # /@handle/
    re_path(r"^@(?P<handle>[^/]{1,60})/$", views.creator, name="creator"),
    re_path(r"^@(?P<handle>[^/]{1,60})/(?P<tab>calls|about)/$", views.creator, name="creator_tab"),
]
