"""Addresses of the pages about oneself."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from team import views

urlpatterns = [
    path("", views.home, name="home"),
    path("login/", views.SignIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("language/", views.set_language, name="set-language"),
    path("theme/", views.set_theme, name="set-theme"),
    path("shift/", views.shift, name="shift"),
    path("profile/", views.profile, name="profile"),
    path("profile/password/", views.password, name="password"),
]
