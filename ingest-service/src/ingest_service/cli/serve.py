"""`ingest serve`: the HTTP service."""

import gc

from pydantic import ValidationError

from ingest_service.settings import Settings
from service_edge.terminal import ExitStatus, leave


def serve() -> None:
    """Answer HTTP until a signal ends it. The environment holds its settings (INGEST_PORT, KAFKA_BOOTSTRAP_SERVERS)."""
    from ingest_service.app import create_app
    from service_edge import serving

    settings = _settings()
    serving.write_logs()
    app = create_app(settings)
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # bulk makes many objects that die young
    try:
        serving.serve(app, settings.host, settings.port)
    except serving.NotLoopbackError as error:
        leave(ExitStatus.USAGE, str(error))


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"{_variable(item['loc'][0])}={item['input']}: {item['msg']}" for item in error.errors())
        leave(ExitStatus.USAGE, f"a setting cannot be: {wrong}")


def _variable(field: int | str) -> str:
    return str(field) if str(field).isupper() else f"INGEST_{field}".upper()
