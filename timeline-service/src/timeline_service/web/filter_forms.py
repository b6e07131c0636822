"""The filters of a list as chips: each opens on fields of a form, and says what is chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from event_schemas.taxonomy import DOMAINS, STAGES, TYPES, VALENCES
from timeline_service.queries.views.summaries import SummaryView
from timeline_service.web.addresses import Query, with_query, without
from timeline_service.web.words import SIGNS, label, listed, number


@dataclass(frozen=True, slots=True)
class Option:
    """One of several values; `count` is how many events have it, where that is known."""

    value: str
    label: str
    chosen: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of the form, or a group of boxes (`many`) or of buttons (`one`)."""

    kind: Literal["text", "number", "many", "one"]
    name: str
    label: str
    value: str = ""
    options: tuple[Option, ...] = ()
    hint: str = ""
    #: The list of suggestions, by its id.
    suggestions: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """Some fields under one word, and the address at which they say nothing."""

    id: str
    label: str
    fields: tuple[FormField, ...]
    active: bool
    cleared_url: str


@dataclass(frozen=True, slots=True)
class FilterForm:
    """The chips, what else stays in the address, and where all filters are gone."""

    action: str
    chips: tuple[Chip, ...]
    hidden: tuple[tuple[str, str], ...]
    cleared_url: str
    active: bool


#: Which parameters of a request a chip holds.
_CHIPS: Final[Mapping[str, tuple[str, ...]]] = {
    "dates": ("from", "to", "match"),
    "types": ("type",),
    "valences": ("valence",),
    "who": ("initiator",),
    "domains": ("domain", "stage"),
    "sources": ("min_sources", "batch"),
    "words": ("q",),
    "tags": ("tag", "actor", "publisher"),
    "recorded": ("as_of",),
    "countries": ("country", "code"),
    "order": ("order", "include"),
}
_NEVER_KEPT: Final = frozenset({"cursor", "min_position"})
_EDTF_HINT: Final = "A year, month or day: 1962, 1962-10, 1962-10-20; or 196X"

_INSTANT_HINT: Final = "In UTC: 2025-07-01, 2025-07-01 08:30"


class FormBuilder:
    """The chips of one page, made of its address. `counts` says how many events there are of what can be chosen."""

    def __init__(self, action: str, query: Query, counts: SummaryView | None = None) -> None:
        self._action = action
        self._query = without(query, _NEVER_KEPT)
        self._types = {item["type"]: item["count"] for item in counts["types"]} if counts else {}
        self._domains = {item["domain"]: item["count"] for item in counts["domains"]} if counts else {}

    def values(self, name: str) -> list[str]:
        """What the address says of a parameter."""
        return [value for key, value in self._query if key == name]

    def dates(self, span: str) -> Chip:
        """From when to when; `span` says so where nothing is chosen."""
        start, end = (", ".join(self.values(name)) for name in ("from", "to"))
        said = f"{start or '…'} – {end or '…'}" if start or end else span
        within = "within" in self.values("match")
        match = (
            Option("", "that may touch these dates", not within),
            Option("within", "that lie certainly between them", within),
        )
        fields = (
            FormField("text", "from", "From", start, hint=_EDTF_HINT),
            FormField("text", "to", "To", end),
            FormField("one", "match", "Events", options=match),
        )
        return self._chip("dates", said, fields)

    def types(self) -> Chip:
        """Which types: those that there are, or all."""
        codes = sorted({*self._types, *self.values("type")}, key=lambda code: -self._types.get(code, 0)) or list(TYPES)
        return self._chip("types", self._said("type", "any type"), (self._many("type", "Type", codes, self._types),))

    def valences(self) -> Chip:
        """Cooperative, conflictual, neutral."""
        field = self._many("valence", "Valence", VALENCES, {}, {code: f"{SIGNS[code]} {code}" for code in VALENCES})
        return self._chip("valences", self._said("valence", "any valence"), (field,))

    def who(self, countries: Mapping[str, str] | None = None) -> Chip:
        """Who acted: of these countries, or any that is named."""
        held = self.values("initiator")
        if countries is None:
            fields = self._texts("initiator", "Country that acted", suggestions="countries")
        else:
            fields = (self._many("initiator", "Who acted", list(countries), {}, countries),)
        said = listed([(countries or {}).get(code, code) for code in held])
        return self._chip("who", f"{said} acted" if held else "who acted", fields)

    def domains(self) -> Chip:
        """Which domains and stages."""
        fields = (
            self._many("domain", "Domain", DOMAINS, {name: n for name, n in self._domains.items() if name}),
            self._many("stage", "Stage", STAGES, {}),
        )
        held = [label(value) for value in self.values("domain") + self.values("stage")]
        return self._chip("domains", listed(held) or "domain, stage", fields)

    def sources(self) -> Chip:
        """How many sources there are at least, and by which load it came."""
        held = self.values("min_sources")
        fewest = "".join(held[:1])
        batches = self.values("batch")
        said = listed(([f"{fewest}+ sources"] if fewest else []) + batches) or "sources"
        fewest_field = FormField("number", "min_sources", "At least so many sources", fewest)
        return self._chip("sources", said, (fewest_field, *self._texts("batch", "Of the load")))

    def words(self) -> Chip:
        """Words of title, summary, actors and tags."""
        held = " or ".join(self.values("q"))
        hint = "Words, a “phrase”, -without, or alternatives"
        return self._chip(
            "words", f"“{held}”" if held else "words…", (FormField("text", "q", "Words", held, hint=hint),)
        )

    def tags(self) -> Chip:
        """Tags, actors and publishers by name."""
        kinds = {"tag": "Tag", "actor": "Actor", "publisher": "Publisher of a source"}
        fields = [field for name, said in kinds.items() for field in self._texts(name, said, suggestions=f"{name}s")]
        held = [value for name in kinds for value in self.values(name)]
        return self._chip("tags", listed(held) or "tag, actor, publisher", tuple(fields))

    def recorded(self) -> Chip:
        """As it was recorded at an instant."""
        held = "".join(self.values("as_of")[:1])
        written = held.replace("T", " ").removesuffix("Z") if held.endswith("Z") else held
        said = f"as recorded {written.removesuffix(':00').removesuffix(' 00:00')}" if held else "as recorded on…"
        field = FormField("text", "as_of", "As it was recorded at", written, hint=_INSTANT_HINT)
        return self._chip("recorded", said, (field,))

    def countries(self) -> Chip:
        """Which countries are in it, of which one is enough; and a source's own codes."""
        fields = self._texts("country", "Country", suggestions="countries") + self._texts(
            "code", "Code", hint="A source's own: gdelt:1012345678"
        )
        held = self.values("country") + self.values("code")
        return self._chip("countries", listed(held) or "country", fields)

    def order(self, orders: Mapping[str, str]) -> Chip:
        """In which order, the first one by default, and whether retracted events too."""
        default = next(iter(orders))
        chosen = "".join(self.values("order")[:1]) or default
        fields = (
            FormField("one", "order", "Order", options=tuple(
                Option(value if value != default else "", said, value == chosen) for value, said in orders.items()
            )),
            self._many("include", "Also", ["retracted"], {}, {"retracted": "retracted events"}),
        )  # fmt: skip
        said = orders.get(chosen, chosen) + (", with retracted" if self.values("include") else "")
        return self._chip("order", said, fields)

    def build(self, chips: Sequence[Chip], kept: Sequence[str] = ()) -> FilterForm:
        """The form of these chips; parameters that none of them holds go with it, and `kept` ones stay when cleared."""
        held = {name for chip in chips for name in _CHIPS[chip.id]} | set(kept)
        return FilterForm(
            self._action,
            tuple(chips),
            tuple(without(self._query, held)),
            with_query(self._action, [(name, value) for name, value in self._query if name in kept]),
            any(chip.active for chip in chips),
        )

    def _chip(self, chip: str, said: str, fields: tuple[FormField, ...]) -> Chip:
        names = _CHIPS[chip]
        active = any(self.values(name) for name in names)
        return Chip(chip, said, fields, active, with_query(self._action, without(self._query, names)))

    def _texts(self, name: str, said: str, *, suggestions: str = "", hint: str = "") -> tuple[FormField, ...]:
        """A field for each value that there is, and an empty one for another."""
        held = [*self.values(name), ""]
        return tuple(FormField("text", name, said, value, suggestions=suggestions, hint=hint) for value in held)

    def _said(self, name: str, none: str) -> str:
        held = [label(value) for value in self.values(name)]
        return number(len(held), name) if len(held) > 2 else listed(held) or none

    def _many(
        self,
        name: str,
        said: str,
        codes: Sequence[str],
        counts: Mapping[str, int],
        labels: Mapping[str, str] | None = None,
    ) -> FormField:
        held = self.values(name)
        options = (
            Option(code, (labels or {}).get(code, label(code)), code in held, counts.get(code)) for code in codes
        )
        return FormField("many", name, said, options=tuple(options))
