"""Data folders, made under another name first: one that has the right name is whole, whenever we were interrupted."""

import shutil
import tempfile
from pathlib import Path


def is_laid_out(state_dir: Path, name: str) -> bool:
    """Whether the engine's data folder is there; makes the state folder."""
    state_dir.mkdir(parents=True, exist_ok=True)
    return (state_dir / name).is_dir()


def fresh_folder(state_dir: Path, name: str) -> Path:
    """A new folder to lay out data in. What interrupted attempts have left is removed.

    Each attempt has a folder of its own: a program that was left behind by a killed one cannot write into it.
    """
    for left_over in state_dir.glob(f"{name}.new-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{name}.new-", dir=state_dir))


def move_into_place(laid_out: Path, state_dir: Path, name: str) -> None:
    """Give the folder its right name, and remove what was beside it."""
    laid_out.rename(state_dir / name)
    if laid_out.parent != state_dir:
        shutil.rmtree(laid_out.parent, ignore_errors=True)
