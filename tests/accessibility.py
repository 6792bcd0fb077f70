"""What axe-core finds on the page that a browser shows: WCAG 2.2 AA and best practice."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

__all__ = ["axe_faults"]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = "axe.run(document, {runOnly: arguments[0], resultTypes: ['violations']}).then(arguments[arguments.length - 1])"


@cache
def _axe() -> str:
    spec = find_spec("axe_playwright_python")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("axe-playwright-python, which brings axe-core, is not installed")
    return (Path(spec.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")


def axe_faults(chrome: Any, *, colours: bool = False) -> list[str]:
    """Return a line for each thing that axe-core finds wrong on the page, or with its `colours` alone."""
    if not chrome.execute_script("return 'axe' in window"):
        chrome.execute_script(_axe())
    only = {"type": "rule", "values": ["color-contrast"]} if colours else {"type": "tag", "values": TAGS}
    found = chrome.execute_async_script(RUN, only)
    return [
        f"{chrome.title}: {rule['id']} ({rule['help']}): {node['html'][:160]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
