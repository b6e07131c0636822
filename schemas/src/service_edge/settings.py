"""Settings from the environment, and what is said of one that cannot be."""

from typing import Annotated, TypeVar

from pydantic import BeforeValidator, ValidationError
from pydantic_settings import BaseSettings, NoDecode

from service_edge.terminal import ExitStatus, leave


def _split(names: object) -> object:
    return tuple(name.strip() for name in names.split(",") if name.strip()) if isinstance(names, str) else names


#: Names in one variable, with commas between them.
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Kind = TypeVar("Kind", bound=BaseSettings)


def read_settings(kind: type[Kind]) -> Kind:
    """A process's settings; ends the command, naming the variable, where one cannot be."""
    try:
        return kind()
    except ValidationError as error:
        prefix = kind.model_config.get("env_prefix", "")
        wrong = "; ".join(
            f"{_variable(item['loc'][0], prefix)}={item['input']}: {item['msg']}" for item in error.errors()
        )
        leave(ExitStatus.USAGE, f"a setting cannot be: {wrong}")


def _variable(field: int | str, prefix: str) -> str:
    return str(field) if str(field).isupper() else f"{prefix}{field}".upper()
