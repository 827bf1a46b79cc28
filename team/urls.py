"""Addresses of the pages about oneself."""

from __future__ import annotations

from django.urls import path

from team import factor_views, notice_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("login/", views.SignIn.as_view(), name="login"),
    path("login/code/", factor_views.sign_in_code, name="login-code"),
    path("logout/", views.SignOut.as_view(), name="logout"),
    path("language/", views.set_language, name="set-language"),
    path("theme/", views.set_theme, name="set-theme"),
    path("shift/", views.shift, name="shift"),
    path("notices/", notice_views.notice_list, name="notice-list"),
    path("notices/read/", notice_views.notices_read, name="notices-read"),
    path("notices/news/", notice_views.notice_news, name="notice-news"),
    path("profile/", views.profile, name="profile"),
    path("profile/sessions/", views.end_session, name="session-end"),
    path("profile/password/", views.password, name="password"),
    path("profile/second-factor/", factor_views.second_factor_page, name="second-factor"),
]
