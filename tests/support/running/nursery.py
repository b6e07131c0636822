"""Processes of the product that are forked from one that has imported it already: nothing else about them differs.

Most of what a process of the product does in a test is to import. The nursery does so once for each worker of the test
run (`python -m tests.support.running.nursery`). It has no thread, and ends with its input.
"""

import gc
import importlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from tests.support.running.session_folder import ROOT

from local_stack.processes import Process

#: What `python -m` is asked for, and the module that this runs.
_PROGRAMS: Final = {
    "timeline_service.cli": "timeline_service.cli.__main__",
    "ingest_service.cli": "ingest_service.cli.__main__",
}
#: What these import only when they are told what to do.
_LATER: Final = (
    "timeline_service.app",
    "timeline_service.processes",
    "ingest_service.app",
    "service_edge.serving",
    "uvloop",
)
_REQUEST_BYTES: Final = 1 << 20
_nurseries: "list[tuple[subprocess.Popen[bytes], socket.socket]]" = []


class NurseryProcess(Process):
    """A process of the stack whose command is one of the product's, forked instead of started from nothing."""

    def _launch(self, lock: int, log: int) -> None:
        _, flag, module, *words = self.command
        assert flag == "-m"
        assert module in _PROGRAMS
        request = {
            "module": module,
            "words": words,
            "environment": {**os.environ, **self.environment},
            "folder": str(self.folder or os.getcwd()),
            "pid_file": str(self.pid_file),
            "end_file": str(self.end_file),
        }
        nursery = _nursery()
        socket.send_fds(nursery, [json.dumps(request).encode()], [lock, log])
        assert nursery.recv(1) == b"."


def _nursery() -> socket.socket:
    if not _nurseries:
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-m", "tests.support.running.nursery", str(its.fileno())]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with its:
            process = subprocess.Popen(
                command, pass_fds=[its.fileno()], env=environment, stdin=subprocess.DEVNULL, start_new_session=True
            )
        _nurseries.append((process, ours))
    return _nurseries[0][1]


def close_nursery() -> None:
    """End it; what it has forked goes on."""
    while _nurseries:
        process, ours = _nurseries.pop()
        ours.close()
        process.wait()


def main() -> None:
    """Fork what is asked for, until nobody can ask any more."""
    for name in (*_PROGRAMS.values(), *_LATER):
        importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, lambda *_: _reap())
    with socket.socket(fileno=int(sys.argv[1])) as asked:
        while True:
            data, descriptors, _, _ = socket.recv_fds(asked, _REQUEST_BYTES, 2)
            if not data:
                return
            request = json.loads(data)
            if os.fork() == 0:
                asked.close()
                _raise_child(request, *descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            asked.send(b".")


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _raise_child(request: Mapping[str, Any], lock: int, log: int) -> None:
    """Be what the shell around a process is: its parent, who writes down how it has ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    child = os.fork()
    if child == 0:
        _be_program(request, lock, log)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    with open(request["end_file"], "w") as file:
        file.write(f"{code if code >= 0 else 128 - code}\n")
    os._exit(0)


def _be_program(request: Mapping[str, Any], lock: int, log: int) -> None:
    os.set_inheritable(lock, True)
    with open(request["pid_file"], "w") as file:
        file.write(f"{os.getpid()}\n")
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    assert isinstance(sys.stdout, io.TextIOWrapper)
    sys.stdout.reconfigure(write_through=True)
    sys.argv = [request["module"], *request["words"]]
    status: Any = 1
    try:
        sys.modules[_PROGRAMS[request["module"]]].main()
        status = 0
    except SystemExit as ended:
        status = ended.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status if isinstance(status, int) else int(status is not None))


if __name__ == "__main__":
    main()
