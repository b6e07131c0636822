import hashlib
import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs
from tests.support.running.token_files import write_tokens
from typer.testing import CliRunner

from ingest_service.cli.__main__ import app
from service_edge.access.roles import EVERY_ROLE, Role, read_name
from service_edge.access.token_files import TokenFiles
from service_edge.access.tokens import TOKEN, TokenFileError, Tokens, make_token, token_line

DIGEST = hashlib.sha256(b"a token").hexdigest()


def line(**changes: Any) -> bytes:
    said = {"name": "feed", "sha256": DIGEST, "roles": ["read"], **changes}
    return orjson.dumps({name: value for name, value in said.items() if value is not None})


def test_a_token_is_found_by_itself_and_by_nothing_else() -> None:
    tokens = {name: make_token() for name in ("ada", "feed")}
    lines = [token_line(name, token, [Role.WRITE, Role.READ], None) for name, token in tokens.items()]
    held = Tokens(b"\n".join(lines))
    for name, token in tokens.items():
        assert TOKEN.fullmatch(token)
        found = held.find(token)
        assert found is not None
        assert (found.name, {*found.roles}, found.expires) == (name, {Role.READ, Role.WRITE}, None)
        assert all(held.find(other) is None for other in (token[:-1], token + "x", token.upper(), ""))
    assert all(token.encode() not in b"".join(lines) for token in tokens.values())


def test_an_end_is_an_instant() -> None:
    ends = datetime(2026, 12, 31, 12, tzinfo=UTC)
    token = make_token()
    for text in (
        token_line("feed", token, [Role.READ], ends),
        line(sha256=hashlib.sha256(token.encode()).hexdigest(), expires="2026-12-31T13:00:00+01:00"),
    ):
        found = Tokens(text).find(token)
        assert found is not None
        assert found.expires == ends.timestamp()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "it holds no token"),
        (b"\n \n", "it holds no token"),
        (b"feed dyl_abc", "line 1: not JSON"),
        (line() + b"\n[]", "line 2: expected an object"),
        (line(token="dyl_secret"), "line 1: 'token' is not a field here"),
        (line(name=None), "line 1: name: 'None' is not a name"),
        (line(name="a b"), "line 1: name: 'a b' is not a name"),
        (line(name="anonymous"), "line 1: name: anonymous is who has no credential"),
        (line(sha256=None), "line 1: sha256: expected"),
        (line(sha256=DIGEST.upper()), "line 1: sha256: expected"),
        (line(roles=None), "line 1: roles: expected a list"),
        (line(roles=[]), "line 1: roles: expected a list"),
        (line(roles="read"), "line 1: roles: expected a list"),
        (line(roles=["read", "admin"]), "line 1: roles: 'admin' is not a role: expected read, write, audit, operate"),
        (line(expires="2026-12-31"), "line 1: expires: expected an instant"),
        (line(expires=1798675200), "line 1: expires: expected an instant"),
        (line() + b"\n\n" + line(name="other"), "line 3: has the token of line 1"),
    ],
)
def test_what_is_no_token_file_is_told_by_line_and_without_what_it_holds(text: bytes, words: str) -> None:
    with pytest.raises(TokenFileError) as refused:
        Tokens(text)
    assert words in str(refused.value)
    assert DIGEST not in str(refused.value)


def test_a_token_in_the_place_of_its_hash_is_not_shown() -> None:
    token = make_token()
    with pytest.raises(TokenFileError) as refused:
        Tokens(line(sha256=token))
    assert token not in str(refused.value)


@pytest.mark.parametrize("name", ["a", "a" * 128, "gdelt-loader", "ada@example.org", "urn:x_Y.9"])
def test_names_are_as_the_contract_has_them(name: str) -> None:
    assert read_name(name) == name


@pytest.mark.parametrize("name", ["", "a" * 129, "a b", "a/b", "Zoë", "a\n", "a|b", None, 7])
def test_other_names_are_refused(name: object) -> None:
    with pytest.raises(ValueError, match="is not a name"):
        read_name(name)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_file_that_changes_is_read_again_within_a_second(tmp_path: Path) -> None:
    path, clock = tmp_path / "tokens.jsonl", Clock()
    first = write_tokens(path, {"ada": EVERY_ROLE})["ada"]
    files = TokenFiles([path], clock)
    second = write_tokens(path, {"bob": EVERY_ROLE})["bob"]
    assert files.find(first) is not None
    clock.now += 1
    assert (files.find(first), getattr(files.find(second), "name", "")) == (None, "bob")


def replaced(path: Path, kind: str) -> None:
    """Put something else in the place of a file."""
    path.unlink()
    match kind:
        case "directory":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "blank":
            path.write_bytes(b"\n \n")
        case "empty":
            path.touch()


def broken_files() -> float | None:
    return REGISTRY.get_sample_value("dyadline_token_file_broken")


@pytest.mark.parametrize("kind", ["gone", "empty", "blank", "directory", "pipe"])
def test_a_file_without_lines_withdraws_all_its_tokens_and_is_told_once(tmp_path: Path, kind: str) -> None:
    path, other, clock = tmp_path / "tokens.jsonl", tmp_path / "other.jsonl", Clock()
    first = write_tokens(path, {"ada": EVERY_ROLE})["ada"]
    kept = write_tokens(other, {"eve": EVERY_ROLE})["eve"]
    files = TokenFiles([path, other], clock)
    assert broken_files() == 0
    replaced(path, kind)
    with capture_logs() as logs:
        for _ in range(3):
            clock.now += 1
            assert files.find(first) is None
            assert files.find(kept) is not None
    assert [(entry["log_level"], entry["file"]) for entry in logs] == [("warning", str(path))]
    assert broken_files() == 1
    if kind == "directory":
        path.rmdir()
    elif kind == "pipe":
        path.unlink()
    second = write_tokens(path, {"bob": EVERY_ROLE})["bob"]
    clock.now += 1
    with capture_logs():
        assert broken_files() == 0
        assert files.find(second) is not None


@pytest.mark.parametrize("broken", [b"{", line(roles=["admin"]), line(name="ada\u0000")])
def test_each_line_counts_for_itself_and_a_broken_one_is_named(tmp_path: Path, broken: bytes) -> None:
    path, clock = tmp_path / "tokens.jsonl", Clock()
    made = {name: make_token() for name in ("ada", "bob", "eve")}
    lines = {name: token_line(name, token, EVERY_ROLE, None) for name, token in made.items()}
    path.write_bytes(lines["ada"] + lines["bob"])
    files = TokenFiles([path], clock)
    path.write_bytes(lines["ada"] + broken + b"\n" + lines["eve"])
    clock.now += 1
    with capture_logs() as logs:
        assert [files.find(token) is not None for token in made.values()] == [True, False, True]
        clock.now += 1
        assert files.find(made["ada"]) is not None
    (told,) = logs
    assert (told["log_level"], told["file"], told["reason"][:7]) == ("warning", str(path), "line 2:")
    assert DIGEST not in str(told)
    assert broken_files() == 1


def test_of_a_file_that_cannot_be_read_the_last_version_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, clock = tmp_path / "tokens.jsonl", Clock()
    first = write_tokens(path, {"ada": EVERY_ROLE})["ada"]
    files = TokenFiles([path], clock)
    second = write_tokens(path, {"bob": EVERY_ROLE})["bob"]

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr(os, "open", refuse)  # the tests may run as root, whom no mode keeps out
        for _ in range(3):
            clock.now += 1
            assert files.find(first) is not None
        assert broken_files() == 1
    assert [(entry["log_level"], entry["reason"]) for entry in logs] == [("warning", "Permission denied")]
    clock.now += 1
    with capture_logs():
        assert (files.find(first), files.find(second) is not None, broken_files()) == (None, True, 0)


def test_what_is_no_file_is_refused_at_the_start_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TokenFileError, match="a pipe or a device") as refused:
        TokenFiles([tmp_path / "pipe"])
    assert str(tmp_path / "pipe") in str(refused.value)


def test_a_file_that_cannot_be_read_at_the_start_is_named(tmp_path: Path) -> None:
    missing, empty = tmp_path / "missing.jsonl", tmp_path / "empty.jsonl"
    empty.touch()
    for path, words in ((missing, "cannot be read: No such file"), (empty, "holds no token"), (tmp_path, "directory")):
        with pytest.raises(TokenFileError, match=words) as refused:
            TokenFiles([path])
        assert str(path) in str(refused.value)


def test_tokens_of_several_files_are_taken(tmp_path: Path) -> None:
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    tokens = [write_tokens(path, {path.stem: [Role.READ]})[path.stem] for path in paths]
    files = TokenFiles(paths)
    assert [getattr(files.find(token), "name", "") for token in tokens] == ["a", "b"]


def test_the_command_prints_a_token_once_and_appends_its_hash(tmp_path: Path) -> None:
    path = tmp_path / "tokens.jsonl"
    made = []
    for name, more in (
        ("ada", ["--role", "read", "--role", "write", "--days", "90"]),
        ("bob", ["--role", "audit", "--days", "0"]),
    ):
        answer = CliRunner().invoke(app, ["token", name, *more], env={"INGEST_TOKENS_FILE": str(path)})
        assert answer.exit_code == 0, answer.output
        made.append(answer.stdout.strip())
        assert TOKEN.fullmatch(made[-1])
        assert made[-1] not in answer.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert all(token not in path.read_text() for token in made)
    held = Tokens(path.read_bytes())
    ada, bob = (held.find(token) for token in made)
    assert ada is not None
    assert bob is not None
    assert (ada.name, {*ada.roles}, {*bob.roles}, bob.expires) == ("ada", {Role.READ, Role.WRITE}, {Role.AUDIT}, None)
    assert ada.expires is not None
    assert 89 < (ada.expires - datetime.now(UTC).timestamp()) / 86_400 < 91


def test_the_command_ends_a_line_that_somebody_left_open(tmp_path: Path) -> None:
    path = tmp_path / "tokens.jsonl"
    path.write_bytes(line())
    answer = CliRunner().invoke(app, ["token", "ada", "--role", "read", "--file", str(path)])
    assert answer.exit_code == 0, answer.output
    assert Tokens(path.read_bytes()).find(answer.stdout.strip()) is not None


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["ada"], 2, "--role"),
        (["ada", "--role", "admin"], 2, "admin"),
        (["a b", "--role", "read"], 2, "is not a name"),
        (["anonymous", "--role", "read"], 2, "anonymous is who has no credential"),
        (["ada", "--role", "read", "--days", "-1"], 2, "days"),
    ],
)
def test_the_command_refuses_what_cannot_be(tmp_path: Path, words: list[str], status: int, said: str) -> None:
    path = tmp_path / "tokens.jsonl"
    answer = CliRunner().invoke(app, ["token", *words, "--file", str(path)])
    assert (answer.exit_code, path.exists()) == (status, False)
    assert said in answer.stderr


def test_the_command_leaves_a_broken_file_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "tokens.jsonl"
    path.write_bytes(b"{")
    answer = CliRunner().invoke(app, ["token", "ada", "--role", "read", "--file", str(path)])
    assert (answer.exit_code, answer.stdout, path.read_bytes()) == (1, "", b"{")
    answer = CliRunner().invoke(app, ["token", "ada", "--role", "read", "--file", str(tmp_path / "no" / "file")])
    assert (answer.exit_code, answer.stdout) == (1, "")
    os.mkfifo(tmp_path / "pipe")
    answer = CliRunner().invoke(app, ["token", "ada", "--role", "read", "--file", str(tmp_path / "pipe")])
    assert (answer.exit_code, answer.stdout) == (1, "")
    answer = CliRunner().invoke(app, ["token", "ada", "--role", "read"], env={"INGEST_TOKENS_FILE": ""})
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert "--file or INGEST_TOKENS_FILE" in answer.stderr


def test_commands_find_their_token_in_an_option_a_variable_or_a_file(tmp_path: Path) -> None:
    token, file, events = make_token(), tmp_path / "token", tmp_path / "events.ndjson"
    file.write_text(f"{token}\n")
    events.write_text("{}\n")
    for words, environment in (
        ([], {"INGEST_TOKEN": token}),
        ([], {"INGEST_TOKEN_FILE": str(file)}),
        (["--token", token], {}),
        (["--token", f"@{file}"], {}),
    ):
        clean = {name: "" for name in os.environ if name.startswith("INGEST_")} | {"INGEST_URL": "http://127.0.0.1:1"}
        answer = CliRunner().invoke(app, ["post", str(events), *words], env=clean | environment)
        assert answer.exit_code == 3, answer.output  # nobody answers there
        assert token not in answer.output
    for value, said in (
        ("dyl_abc", "a token has 47 characters"),
        ("@/nowhere", "cannot be read"),
        ("a b", "not one token"),
    ):
        answer = CliRunner().invoke(app, ["post", os.devnull, "--token", value])
        assert answer.exit_code == 2
        assert said in answer.stderr
    answer = CliRunner().invoke(app, ["post", os.devnull, "--token", token[:-1]])
    assert (answer.exit_code, token[:-1] in answer.output) == (2, False)
