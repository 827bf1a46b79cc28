"""Tells Django to run its admin as the site of `crm/admin_site.py`; loaded before any model is."""

from __future__ import annotations

from django.contrib.admin import apps


class AdminConfig(apps.AdminConfig):
    default_site = "crm.admin_site.CrmAdminSite"
