"""What a browser would find in a page: its words, links, fields, and what would run."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

#: What begins a line of its own, and so parts words.
_BLOCKS: Final = frozenset(
    {"p", "li", "dt", "dd", "div", "h1", "h2", "h3", "section", "summary", "option", "label", "br"}
)
_EMPTY: Final = frozenset({"meta", "link", "input", "img", "br", "rect", "path"})


@dataclass(slots=True)
class Element:
    """An element with its attributes and all text within."""

    tag: str
    attributes: dict[str, str]
    text: str = ""


@dataclass(slots=True)
class HtmlDocument:
    """All elements of a page in their order."""

    elements: list[Element] = field(default_factory=list)

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """The elements of a tag that have these attributes."""
        wanted = {name.rstrip("_"): value for name, value in attributes.items()}
        return [each for each in self.elements if each.tag == tag and wanted.items() <= each.attributes.items()]

    def text(self, tag: str, **attributes: str) -> str:
        """The words of the first such element; empty where there is none."""
        return next((each.text for each in self.all(tag, **attributes)), "")

    def links(self) -> dict[str, str]:
        """Where words lead; of the same words the first."""
        return {each.text: each.attributes["href"] for each in reversed(self.all("a"))}

    def events(self) -> list[str]:
        """The ids of the events that are listed."""
        return [each.attributes["id"].removeprefix("e-") for each in self.all("li") if "id" in each.attributes]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.document = HtmlDocument()
        self._open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.document.elements.append(element)
        if tag in _BLOCKS:
            self.handle_data(" ")
        if tag not in _EMPTY:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> ends nothing"
        element = self._open.pop()
        assert element.tag == tag, f"<{element.tag}> is ended by </{tag}>"
        element.text = " ".join(element.text.split())

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data


def read_html(text: str) -> HtmlDocument:
    """A page whose elements are all ended in order."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert not reader._open, f"<{reader._open[-1].tag}> is not ended"
    return reader.document
