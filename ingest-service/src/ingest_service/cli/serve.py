"""`ingest serve`: the HTTP service."""

import gc

from service_edge.secret_files import SettingError
from service_edge.terminal import ExitStatus, leave, leave_unset, read_settings


def serve() -> None:
    """Answer HTTP until a signal ends it. The environment holds its settings (INGEST_PORT, KAFKA_BOOTSTRAP_SERVERS)."""
    from ingest_service.app import create_app
    from ingest_service.settings import Settings
    from service_edge import serving
    from service_edge.access.tokens import TokenFileError
    from service_edge.logs import write_logs
    from service_edge.server_certificates import server_certificate
    from service_edge.tracing import trace_process

    settings = read_settings(Settings)
    write_logs()
    trace_process("ingest")
    try:
        certificate = server_certificate("INGEST_", settings.tls_certificate, settings.tls_key)
        app = create_app(settings)
    except SettingError as error:
        leave_unset(error)
    except TokenFileError as error:
        leave(ExitStatus.USAGE, str(error))
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # bulk makes many objects that die young
    try:
        serving.serve(app, settings.host, settings.port, certificate)
    except (serving.NotLoopbackError, serving.PortError) as error:
        leave(ExitStatus.USAGE, str(error))
