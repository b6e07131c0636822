"""A selection in SQL: the rows that can answer it, and what it asks of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from timeline_service.adapters.postgres.sql_files import read_statements
from timeline_service.domain.search_documents import facet
from timeline_service.domain.selections import Selection

Rows = Literal["entries", "documents"]
#: Conditions of which each value has an index in the contract's order, the most selective first.
_IN_ORDER: Final = ("type", "domain", "initiator", "valence")
_FACETS: Final = (
    "pair", "country", "initiator", "type", "valence", "domain", "stage", "tag", "actor", "publisher", "code", "batch",
)  # fmt: skip
#: Those that only documents can tell.
_NARROW: Final = ("tag", "actor", "publisher", "code", "batch")


@dataclass(slots=True)
class Conditions:
    """What is asked of rows, and the values behind it by the names of their parameters.

    `said`: what is asked of the documents of entries.
    """

    rows: Rows
    alternatives: str = ""
    said: str = ""
    words: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """All conditions; true where there is none."""
        return " and ".join(self.words) or "true"

    def ask(self, name: str, value: Any) -> None:
        """Add a condition of sql/conditions.sql."""
        self.words.append(self._named(name, value))

    def ask_each(self, name: str, values: Sequence[Any]) -> None:
        """Add a condition whose alternatives are looked up one by one."""
        kind = "alternatives_initiator" if name == "initiator" else "alternatives_text"
        self.alternatives = self._named(kind, values)
        self.words.append(read_statements("conditions")[f"each_{name}"])

    def _named(self, name: str, value: Any) -> str:
        parameter = f"asked_{len(self.values)}"
        self.values[parameter] = value
        return read_statements("conditions")[name].replace("{value}", f"${parameter}")


def conditions_of(selection: Selection, rows: Rows, *, in_order: bool = False) -> Conditions:
    """The conditions of a selection on entries or documents.

    `in_order`: the alternatives of one of them are looked up one by one, so that each comes in order from an index.
    Where entries cannot tell, their documents are asked as well.
    """
    found = Conditions(rows)
    if rows == "documents":
        _ask_documents(found, selection, _FACETS)
    else:
        if selection.pair is not None:
            found.ask("entries_pair", selection.pair)
        asked: dict[str, list[Any]] = {
            name: list(dict.fromkeys(getattr(selection, name))) for name in ("type", "domain", "valence", "stage")
        }
        asked["initiator"] = [] if selection.names_strangers else _directions(selection)
        leading = next((name for name in _IN_ORDER if asked[name]), None) if in_order else None
        for name, values in asked.items():
            if name == leading:
                found.ask_each(name, values)
            elif values:
                found.ask(f"entries_{name}", values)
    if selection.min_sources > 0:
        found.ask("sources", selection.min_sources)
    if rows == "entries" and selection.searches:
        said = Conditions("documents", values=found.values)
        _ask_documents(said, selection, (*_NARROW, *(("initiator",) if selection.names_strangers else ())))
        found.said = said.text
    return found


def _ask_documents(found: Conditions, selection: Selection, facets: Sequence[str]) -> None:
    for name in facets:
        given = getattr(selection, name) or ()
        values = (given,) if isinstance(given, str) else given
        if values:
            found.ask("facets", [facet(name, value) for value in values])
    if selection.words is not None:
        found.ask("words", selection.words.tsquery)


def _directions(selection: Selection) -> list[int]:
    """Initiators of a pair's own, as its directions."""
    first = (selection.pair or "")[:3]
    return sorted({1 if code == first else 2 for code in selection.initiator})
