"""What the HTTP server loads by name: the application with the adapters of its environment."""

import multiprocessing

from litestar import Litestar

from infra.bootstrap import Adapters
from infra.crypto.derive import derive_key
from infra.embedded.parent_death import die_with_parent
from infra.observability.logging import configure_logging
from infra.postgres.connections import Role
from infra.settings import load_settings
from read_api.app import THREADS, create_app


def build() -> Litestar:
    """Build the application from the environment."""
    if multiprocessing.parent_process() is not None:
        die_with_parent()  # the server's main process may be killed without a chance to say so
    settings = load_settings()
    configure_logging(service="api", redaction_key=derive_key(settings.secret_key, "log-redaction"))
    adapters = Adapters(settings, role=Role.APP, name="engine-api", pool_size=THREADS)
    app = create_app(adapters)
    app.on_shutdown.append(adapters.close)
    return app


app = build()
