"""A followed folder: each file once, when it is whole, over restarts."""

import os
from pathlib import Path

import orjson
import pytest

from ingest_service.importing.followed_folder import REGISTER, FollowedFolder


def names(followed: FollowedFolder) -> list[str]:
    return [path.name for path, _ in followed.settled()]


def test_a_file_is_taken_once_it_no_longer_grows(tmp_path: Path) -> None:
    followed = FollowedFolder(tmp_path)
    file = tmp_path / "a.CSV"
    file.write_text("1")
    assert names(followed) == []
    file.write_text("12")
    assert names(followed) == []
    assert names(followed) == ["a.CSV"]
    assert names(followed) == ["a.CSV"]  # until somebody says that it was taken
    followed.close()


def test_what_was_taken_is_remembered_and_taken_again_if_it_changes(tmp_path: Path) -> None:
    for name in ("b.CSV", "a.CSV"):
        (tmp_path / name).write_text("1")
    followed = FollowedFolder(tmp_path)
    assert names(followed) == []
    assert names(followed) == ["a.CSV", "b.CSV"]
    for _, mark in followed.settled():
        followed.take(mark, {"rows": 1})
    assert names(followed) == []
    followed.close()
    with (tmp_path / REGISTER).open("ab") as register:
        register.write(b'{"name": "b.CSV", "si')  # a kill while it was written
    again = FollowedFolder(tmp_path)
    assert names(again) == names(again) == []
    os.utime(tmp_path / "b.CSV", (1, 1))
    assert names(again) == []
    assert names(again) == ["b.CSV"]
    again.close()
    lines = (tmp_path / REGISTER).read_bytes().splitlines()
    assert [orjson.loads(line)["name"] for line in lines[:2]] == ["a.CSV", "b.CSV"]


def test_a_line_after_one_that_was_cut_off_is_remembered(tmp_path: Path) -> None:
    (tmp_path / REGISTER).write_bytes(b'{"name": "b.CSV", "si')
    (tmp_path / "a.CSV").write_text("1")
    followed = FollowedFolder(tmp_path)
    names(followed)
    for _, mark in followed.settled():
        followed.take(mark, {})
    followed.close()
    again = FollowedFolder(tmp_path)
    assert names(again) == names(again) == []
    again.close()


def test_what_is_hidden_unfinished_or_a_folder_is_left_alone(tmp_path: Path) -> None:
    for name in (".hidden", "a.part", "a.tmp", "a.crdownload"):
        (tmp_path / name).write_text("1")
    (tmp_path / "folder").mkdir()
    followed = FollowedFolder(tmp_path)
    assert names(followed) == names(followed) == []
    followed.close()


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FollowedFolder(tmp_path / "none")
