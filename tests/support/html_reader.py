"""A page of HTML as a tree, read by the standard library's parser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta", "br"}


@dataclass
class Node:
    """An element: its tag, its attributes, and what stands in it."""

    tag: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    def __getitem__(self, attribute: str) -> str:
        return self.attributes[attribute] or ""

    def get(self, attribute: str) -> str | None:
        """An attribute, None where there is none."""
        return self.attributes.get(attribute)

    @property
    def text(self) -> str:
        """All text in it."""
        return "".join(each if isinstance(each, str) else each.text for each in self.children)

    def all(self, *tags: str) -> Iterator[Node]:
        """Itself and all elements in it, of these tags where some are given."""
        if not tags or self.tag in tags:
            yield self
        for each in self.children:
            if isinstance(each, Node):
                yield from each.all(*tags)

    def one(self, identity: str) -> Node:
        """The one element with an id."""
        (found,) = (each for each in self.all() if each.get("id") == identity)
        return found

    def tables(self) -> list[dict[str, list[Node]]]:
        """The columns of each table by their heads, without units."""
        made = []
        for each in self.all("table"):
            head, *rows = (list(row.all("th", "td")) for row in each.all("tr"))
            names = ["".join(part for part in cell.children if isinstance(part, str))
                     for cell in head]  # fmt: skip
            made.append(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
        return made


class _Reader(HTMLParser):
    """Builds the tree; an end tag that closes nothing open is a fault of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.open = [Node("page")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, dict(attrs))
        assert len(node.attributes) == len(attrs), (tag, attrs)
        self.open[-1].children.append(node)
        if tag not in _VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Node(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, (self.open[-1].tag, tag)
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read_page(text: str) -> Node:
    """The tree of a page, all of whose elements are closed in order."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert [node.tag for node in reader.open] == ["page"]
    return reader.open[0]


def values(cells: list[Node]) -> list[float]:
    """The full values of cells, NaN for none."""
    return [float(cell["data-value"] or "nan") for cell in cells]
