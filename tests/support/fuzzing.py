"""Schemathesis over a running service: requests made from its own description, and what each answer must hold to."""

import asyncio
import os
import sys
from pathlib import Path

from tests.support.session_folder import ROOT, session_folder


async def fuzz(url: str, configuration: Path, *, seconds: float = 150) -> str:
    """Run it, always with the same requests; raises AssertionError with its report if anything is amiss."""
    command = [
        *(sys.executable, "-c", "import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())"),
        *("--config-file", str(configuration), "run", f"{url}/openapi.json"),
    ]
    child = await asyncio.create_subprocess_exec(
        *command,
        cwd=session_folder(),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(child.communicate(), seconds)
    except TimeoutError:
        child.kill()
        await child.wait()
        raise
    report = output.decode(errors="replace")
    assert child.returncode == 0, report
    return report
