"""Audit events: each that is recorded has its sentence; each that has one is recorded."""

import ast
import re

from coatcheck.audit.events import EVENTS
from tests.house.source import SOURCE, dotted, modules

EVENT = re.compile(r"[a-z_]+\.[a-z_]+")
RECORDERS = ("record", "refused", "write")


def recorded() -> set[str]:
    """Give every event that stands as a text in a call that records."""
    found: set[str] = set()
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and dotted(node.func).rsplit(".", 1)[-1].lstrip("_") in RECORDERS:
                found |= set(texts(node))
    return found


def texts(node: ast.AST) -> list[str]:
    """Give the event names written anywhere in a call."""
    constants = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
    return [text for text in constants if isinstance(text, str) and EVENT.fullmatch(text)]


def mentioned() -> set[str]:
    """Give every event that is written anywhere but in the list of events."""
    sources = [module for module in modules() if module.path != "audit/events.py"]
    return {text for module in sources for text in texts(module.tree)} & EVENTS.keys()


def test_what_is_recorded_has_a_sentence() -> None:
    assert recorded() - EVENTS.keys() == set()


def test_what_has_a_sentence_is_recorded() -> None:
    assert EVENTS.keys() - mentioned() == set()


def test_pages_name_no_event_that_there_is_not() -> None:
    named = {
        name
        for page in SOURCE.glob("*/pages/*.html")
        for name in re.findall(r"event=([a-z_]+\.[a-z_]+)", page.read_text("utf-8"))
    }
    assert named - EVENTS.keys() == set()
