"""A headless Chromium for the tests that look at pages: Debian's chromium and chromium-driver."""

import base64
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions, ChromeService

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
MISSING = "there is no chromium and chromedriver here (Debian: chromium, chromium-driver)"
AXE = files("axe_core_python") / "axe.min.js"


@contextmanager
def open_browser() -> Iterator[Chrome]:
    """Open a browser that reaches nothing but files; raises where there is none."""
    options = ChromeOptions()
    options.binary_location = BROWSER or "chromium"
    for each in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        "--hide-scrollbars",
        "--force-device-scale-factor=1",
    ):
        options.add_argument(each)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = Chrome(options=options, service=ChromeService(DRIVER))
    try:
        yield browser
    finally:
        browser.quit()


def set_width(browser: Chrome, width: int) -> None:
    """Give the page so many pixels across, whatever the window's own least width is."""
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
    )


def set_media(browser: Chrome, media: str = "", *, dark: bool = False) -> None:
    """Show the page as in print, or in the dark."""
    features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})


def take_picture(browser: Chrome, file: Path, *, whole: bool = True) -> None:
    """Write a picture of the page."""
    asked = {"format": "png", "captureBeyondViewport": whole}
    if whole:
        size = browser.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        asked["clip"] = {"x": 0, "y": 0, "scale": 1, **{k: size[k] for k in ("width", "height")}}
    data = browser.execute_cdp_cmd("Page.captureScreenshot", asked)["data"]
    file.write_bytes(base64.b64decode(data))


def find_violations(browser: Chrome) -> list[str]:
    """Return what axe-core finds wrong with the page, each with where."""
    browser.execute_script(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = browser.execute_async_script(
        "const done = arguments[0];"
        "axe.run(document).then(r => done(r.violations), e => done([{id: String(e), nodes: []}]));"
    )
    return [
        f"{each['id']}: {node['html'][:200]}"
        for each in found
        for node in each["nodes"] or [{"html": ""}]
    ]
