"""A real Chromium for the tests that look at what people see."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

__all__ = ["chromium", "resize"]


@contextmanager
def chromium(profile: Path, *, script: bool = True, text: int = 16) -> Iterator[Any]:
    """Yield a headless Chromium that Selenium drives, or skip and say so; without `script` no page may run any.

    `text` is the size of text in pixels that whoever reads has set; 16 is what a browser comes with.
    """
    webdriver = pytest.importorskip("selenium.webdriver", reason="Selenium is not installed")
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not browser or not driver:
        pytest.skip("Chromium and its driver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    quiet = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic")
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", *quiet):
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={profile}")
    prefs: dict[str, int] = {} if script else {"profile.managed_default_content_settings.javascript": 2}
    prefs |= {} if text == 16 else {"webkit.webprefs.default_font_size": text}
    if prefs:
        options.add_experimental_option("prefs", prefs)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield chrome
    finally:
        chrome.quit()


def resize(chrome: Any, width: int, *, scheme: str = "light") -> None:
    """Give the page a width in CSS pixels and a colour scheme."""
    chrome.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 400},
    )
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
