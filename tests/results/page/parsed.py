"""A page as a browser's parser has it, so far as tests ask: elements, their attributes, their text."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser

from results.page.document import document
from results.page.library import ChartLibrary
from results.page.report_run import report_run
from tests.results.runs import Folder

VOID = {"meta", "input", "br", "img", "link", "base"}
NO_LIBRARY = ChartLibrary(missing="none here")


@dataclass
class Element:
    tag: str
    attributes: dict = field(default_factory=dict)
    content: list = field(default_factory=list)

    @property
    def text(self):
        return "".join(part if isinstance(part, str) else part.text for part in self.content)

    def all(self, tag="", **attributes):
        """Elements within, in order, of that tag and with these attributes; `class_` is one of its classes."""
        return [one for one in self._within() if one.matches(tag, attributes)]

    def matches(self, tag, attributes):
        classes = self.attributes.get("class", "").split()
        wanted = dict(attributes)
        kind = wanted.pop("class_", None)
        has_all = all(self.attributes.get(name) == value for name, value in wanted.items())
        return tag in ("", self.tag) and (kind is None or kind in classes) and has_all

    def _within(self):
        for part in self.content:
            if not isinstance(part, str):
                yield part
                yield from part._within()


class _Builder(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open = [Element("")]

    def handle_starttag(self, tag, attrs):
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].content.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open[-1].tag == tag, f"</{tag}> within <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data):
        self.open[-1].content.append(data)


@dataclass
class Page:
    html: str

    @cached_property
    def root(self):
        builder = _Builder()
        builder.feed(self.html)
        builder.close()
        assert len(builder.open) == 1, "an element is not closed"
        return builder.open[0]

    def section(self, name):
        (found,) = self.root.all("section", id=name)
        return found

    def has(self, name):
        return bool(self.root.all("section", id=name))

    def data(self, name):
        (found,) = self.root.all("script", id=f"data-{name}")
        return json.loads(found.text)

    def rows(self, name, body):
        """The texts of the cells of a table's rows in the part of that class."""
        (part,) = self.section(name).all("tbody", class_=body)
        return [[cell.text for cell in row.content if not isinstance(cell, str)] for row in part.all("tr")]

    def headings(self, name):
        (head,) = self.section(name).all("thead")
        return [heading.all(class_="heading")[0] for heading in head.all("th")]


def page_of(*trials, library=NO_LIBRARY, **folder):
    return Page(document([report_run(Folder(list(trials), **folder))], library))
