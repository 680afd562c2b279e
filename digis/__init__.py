"""Digis. Importing the Celery application here makes `shared_task` find it in every process."""

from digis.celery import app as celery_app

__all__ = ["celery_app"]
