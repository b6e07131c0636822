"""A real Prometheus that scrapes what a test runs, as often as it can."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from tests.support.running.free_ports import free_port
from tests.support.running.session_folder import session_folder
from tests.support.waiting import wait_until

PROMETHEUS = shutil.which("prometheus")
needs_prometheus = pytest.mark.skipif(
    PROMETHEUS is None, reason="prometheus is missing: on Debian, apt-get install prometheus"
)


@dataclass
class Prometheus:
    """What it answers."""

    client: httpx.AsyncClient

    async def ask(self, query: str) -> list[dict[str, Any]]:
        """The samples of a query now."""
        answer = await self.client.get("/api/v1/query", params={"query": query})
        assert answer.status_code == 200, answer.text
        result: list[dict[str, Any]] = answer.json()["data"]["result"]
        return result

    async def firing(self) -> set[str]:
        """The names of the alerts that fire."""
        return {sample["metric"]["alertname"] for sample in await self.ask('ALERTS{alertstate="firing"}')}

    async def fires(self, name: str, timeout: float = 60) -> None:
        """Wait until an alert fires."""

        async def there() -> bool:
            return name in await self.firing()

        await wait_until(there, timeout, ignore=(httpx.HTTPError,))


@asynccontextmanager
async def running_prometheus(targets: Mapping[str, str], rules: str) -> AsyncIterator[Prometheus]:
    """One that scrapes each job's target, and evaluates the rules, every second."""
    assert PROMETHEUS is not None
    with tempfile.TemporaryDirectory(prefix="prometheus-", dir=session_folder()) as name:
        folder = Path(name)
        (folder / "rules.yaml").write_text(rules)
        jobs = [{"job_name": job, "static_configs": [{"targets": [target]}]} for job, target in targets.items()]
        often = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config = {"global": often, "rule_files": ["rules.yaml"], "scrape_configs": jobs}
        (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
        port = free_port()
        child = await asyncio.create_subprocess_exec(
            PROMETHEUS,
            f"--config.file={folder}/prometheus.yaml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
        )
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10) as client:
                prometheus = Prometheus(client)

                async def scrapes() -> bool:
                    found = await prometheus.ask("up == 1")
                    return {sample["metric"]["job"] for sample in found} == targets.keys()

                await wait_until(scrapes, 60, ignore=(httpx.HTTPError, AssertionError))
                yield prometheus
        finally:
            child.terminate()
            await child.wait()
