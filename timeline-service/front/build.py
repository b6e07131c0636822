"""The script of the pages: built from `src/` into the service's static files, checked, formatted, tested.

python timeline-service/front/build.py [build | check | format | test]
"""

import os
import sys
from pathlib import Path
from typing import Final

from local_stack.node_packages import node_packages, run_node

HERE: Final = Path(__file__).parent
STATIC: Final = HERE.parent / "src/timeline_service/web/static"
_BIOME: Final = "@biomejs/biome/bin/biome"
_ESBUILD: Final = (
    "esbuild/bin/esbuild", "src/seam.ts", "--bundle", "--minify", "--format=esm", "--target=es2022", "--charset=utf8",
    "--legal-comments=eof", "--log-level=warning", f"--outfile={STATIC / 'seam.js'}",
)  # fmt: skip
#: What each task runs: a program of a package, or Node itself.
TASKS: Final[dict[str, list[tuple[str, ...]]]] = {
    "build": [_ESBUILD],
    "check": [("typescript/bin/tsc", "--noEmit"), (_BIOME, "ci", "--error-on-warnings", "--colors=off")],
    "format": [(_BIOME, "check", "--write", "--colors=off")],
    "test": [("--test", "test/*.test.ts")],
}


def run(task: str) -> str:
    """Do a task; returns what went wrong, in the words of the program that says so, or nothing."""
    packages = _linked()
    for program, *arguments in TASKS[task]:
        command = program if program.startswith("-") else str(packages / program)
        done = run_node([command, *arguments], packages, HERE)
        if done.returncode:
            return f"{done.stdout}{done.stderr}" or f"{program} ended with {done.returncode}"
    return ""


def _linked() -> Path:
    """The pinned packages, where compilers and editors look for them, too."""
    packages = node_packages(HERE)
    link = HERE / "node_modules"
    if not link.is_symlink() or link.resolve() != packages.resolve():
        fresh = HERE / f"node_modules.{os.getpid()}"
        fresh.symlink_to(os.path.relpath(packages.resolve(), HERE.resolve()))
        fresh.replace(link)
    return packages


if __name__ == "__main__":
    if wrong := run(sys.argv[1] if len(sys.argv) > 1 else "build"):
        sys.exit(wrong)
