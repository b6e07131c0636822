"""Small disks of an arena's own: memory file systems, mounted under its folder, that a fault fills up."""

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_PAGE: Final = 4096
_INODES: Final = 1_000_000


@dataclass(slots=True)
class Disks:
    """The disks that are mounted under a folder. `missing` says why there are none: then they are plain folders."""

    folder: Path
    missing: str = ""
    sizes: dict[Path, int] = field(default_factory=dict)

    def mount(self, name: str, megabytes: int) -> Path:
        """A disk of that size, which takes memory only for what lies on it; returns its folder."""
        place = self.folder / name
        place.mkdir(parents=True)
        place.chmod(0o777)  # PostgreSQL may have to run as somebody else
        if not self.missing:
            done = _run(
                "mount",
                "-t",
                "tmpfs",
                "-o",
                f"size={megabytes}m,nr_inodes={_INODES},mode=0777",
                f"arena-{name}",
                str(place),
            )
            if done:
                self.missing = f"this machine lets us mount nothing ({done})"
            else:
                self.sizes[place] = megabytes
        return place

    def fill(self, place: Path) -> None:
        """Leave no room on a disk, neither for bytes nor for files: it becomes as small as what lies on it."""
        found = os.statvfs(place)
        used, files = shutil.disk_usage(place).used, found.f_files - found.f_ffree
        for spare in range(0, 4096, 64):  # others write meanwhile, and it cannot be made smaller than what it holds
            size = max(_PAGE, used + spare * _PAGE)  # 0 would be no limit
            if not (words := _remount(place, size, files + spare)):
                return
        raise OSError(f"the disk {place} could not be filled: {words}")

    def clear(self, place: Path) -> None:
        """Give a disk its room back."""
        if words := _remount(place, self.sizes[place] * 1024 * 1024, _INODES):
            raise OSError(f"the disk {place} could not be cleared: {words}")

    def unmount(self) -> None:
        """Take all of them away, with what lies on them."""
        for place in list(self.sizes):
            unmount(place)
            del self.sizes[place]


def open_disks(folder: Path) -> Disks:
    """Disks for an arena; only root may mount any."""
    return Disks(folder, "" if os.geteuid() == 0 else "only root may mount a disk")


def mounts_under(folder: Path) -> list[Path]:
    """What is mounted under a folder."""
    fields = (line.split() for line in Path("/proc/self/mounts").read_text().splitlines())
    places = [Path(words[1].encode().decode("unicode_escape")) for words in fields]
    return [place for place in places if place.is_relative_to(folder)]


def unmount(place: Path) -> None:
    """Take a disk away, also one that somebody still holds a file of."""
    if _run("umount", str(place)):
        _run("umount", "--lazy", str(place))


def _remount(place: Path, size: int, files: int) -> str:
    return _run("mount", "-o", f"remount,size={size},nr_inodes={files}", str(place))


def _run(*command: str) -> str:
    """What a command complains of; empty if it succeeds."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stderr.strip() or f"status {done.returncode}") if done.returncode else ""
