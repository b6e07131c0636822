"""Schemathesis over a running service: requests made from its own description, and what each answer must hold to."""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from tests.support.running.session_folder import ROOT, session_folder


async def fuzz(url: str, configuration: Path, *, seconds: float = 270) -> None:
    """Run it, always with the same requests; raises AssertionError with its report if anything is amiss."""
    command = [
        *(sys.executable, "-c", "import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())"),
        *("--config-file", str(configuration), "run", f"{url}/openapi.json"),
    ]
    with tempfile.TemporaryFile(dir=session_folder()) as report:
        child = await asyncio.create_subprocess_exec(
            *command,
            cwd=session_folder(),
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=report,
            stderr=report,
        )
        try:
            status = await asyncio.wait_for(child.wait(), seconds)
        except TimeoutError:
            child.kill()
            await child.wait()
            status = -1
        report.seek(0)
        assert status == 0, f"exit status {status}\n{report.read().decode(errors='replace')}"
