"""Templates and their contexts: each is told all that it uses, and uses all that it is told."""

import re
from collections.abc import Iterator
from dataclasses import fields
from importlib.resources import files

import pytest
from jinja2 import meta

from timeline_service import app
from timeline_service.web.rendering import ENVIRONMENT, PageContext

assert app  # which brings all pages
TEMPLATES = files("timeline_service.web") / "templates"
#: What only some pages say of themselves, and all have.
SHARED = {field.name for field in fields(PageContext)}


def contexts(kind: type[PageContext] = PageContext) -> Iterator[type[PageContext]]:
    for each in kind.__subclasses__():
        yield each
        yield from contexts(each)


#: By name: a class with slots is made twice, and the first one may linger.
CONTEXTS = {each.__name__: each for each in contexts()}


def source(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def used_by(name: str) -> set[str]:
    """The variables of a template, with those of the one that it extends; macros are told theirs."""
    tree = ENVIRONMENT.parse(source(name))
    used = meta.find_undeclared_variables(tree) - ENVIRONMENT.globals.keys() - {"parts"}
    extended = re.findall(r'{% extends "([^"]+)" %}', source(name))
    return used.union(*(used_by(each) for each in extended))


@pytest.mark.parametrize("context", CONTEXTS.values(), ids=CONTEXTS.keys())
def test_a_template_is_told_all_that_it_uses_and_nothing_else(context: type[PageContext]) -> None:
    told = {field.name for field in fields(context)}
    used = used_by(context.template)
    assert used <= told
    assert told - used <= SHARED


def test_each_template_belongs_to_a_context() -> None:
    pages = {context.template for context in CONTEXTS.values()}
    assert {file.name for file in TEMPLATES.iterdir()} == pages | {"base.html", "parts.html"}


def test_macros_are_told_what_they_use() -> None:
    tree = ENVIRONMENT.parse(source("parts.html"))
    assert meta.find_undeclared_variables(tree) <= ENVIRONMENT.globals.keys()


def test_nothing_runs_or_is_styled_within_a_page() -> None:
    for file in TEMPLATES.iterdir():
        markup = file.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|\|\s*safe", markup), file.name
        assert all("src=" in script for script in re.findall(r"<script[^>]*>", markup)), file.name


@pytest.mark.parametrize("name", [each.name for each in TEMPLATES.iterdir() if "<!doctype html>" in source(each.name)])
def test_no_page_leaves_a_browser_to_look_for_an_icon(name: str) -> None:
    assert '<link rel="icon" type="image/svg+xml" href="{{ static_url("mark.svg") }}">' in source(name)
