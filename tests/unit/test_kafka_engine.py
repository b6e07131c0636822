from pathlib import Path

import pytest

from local_stack import kafka_engine
from local_stack.kafka_engine import prepare_kafka


async def test_kafkas_classes_are_found_from_a_state_folder_behind_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jars, folder, link = tmp_path / "jars", tmp_path / "deep" / "down" / "state", tmp_path / "link"
    (folder / "kafka").mkdir(parents=True)
    jars.mkdir()
    link.symlink_to(folder)

    async def kept(_: Path) -> Path:
        return jars

    monkeypatch.setattr(kafka_engine, "kafka_jars", kept)
    command = (await prepare_kafka(link, tmp_path, 9092, 9093)).command
    classes = command[command.index("-cp") + 1].removesuffix("/*")
    assert (folder / classes).resolve() == jars
