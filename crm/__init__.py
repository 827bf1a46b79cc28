"""The project package: it wires the apps together and holds no rule of the business."""

from crm.celery import app as celery_app

__all__ = ["celery_app"]
