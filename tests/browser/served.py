"""The product as production serves it: DEBUG off, static files collected, hashed and compressed, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.test.testcases import LiveServerThread

# Static files of pages that are not ours, and variants of htmx that no page asks for.
FOREIGN = ["admin", "rest_framework", "drf_spectacular_sidecar", "import_export", "htm*-4*", "htmx-2.js", "ext"]


def _nothing_before(application: Any) -> Any:
    return application


@contextmanager
def served(settings: Any, folder: Path) -> Iterator[str]:
    """The address of a server that runs while the block does."""
    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["localhost"]
    settings.STATIC_ROOT = folder
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = False
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=FOREIGN)
    # Django's own would hand out static files past the middleware of production.
    server = LiveServerThread("localhost", static_handler=_nothing_before, port=0)  # type: ignore[arg-type]
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    try:
        yield f"http://localhost:{server.port}"
    finally:
        server.terminate()
