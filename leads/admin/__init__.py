"""Leads and what belongs to them in the Django admin: every change goes through the verbs."""

from leads.admin import catalogues, contacts, files, leads, messengers, touches

__all__ = ["catalogues", "contacts", "files", "leads", "messengers", "touches"]
