"""Ready mappings for the layouts of others' data, by name."""

from importlib.resources import files
from typing import Final

from ingest_service.importing.mapping import Mapping, parse_mapping

_FOLDER: Final = files(__package__)
PRESETS: Final = tuple(
    sorted(path.name.removesuffix(".yaml") for path in _FOLDER.iterdir() if path.name.endswith(".yaml"))
)


def preset(name: str) -> Mapping:
    """The ready mapping of a name of PRESETS."""
    return parse_mapping((_FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), name)
