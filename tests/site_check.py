"""`python -m tests.site_check SITE [--screenshots FOLDER]`: a whole site in Chromium, page type by page type.

For a finished site of any release, as `compact report` writes it. Each page type is opened in three languages
and checked by axe in both colour schemes, for its width on three screens, for errors of scripts and, on a
processor slowed down four times, for the time until all is drawn; the keyboard has to reach every control.
The short form on a small release is tests/e2e/test_site.py.
"""

from __future__ import annotations

import argparse
import base64
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from axe_core_python.base import AXE_SCRIPT
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

LANGUAGES = ("", "fr/", "es/")
SCHEMES = ("light", "dark")
WIDTHS = (390, 820, 1440)
CHOSEN = (  # one of each type beside the pages at the root; those that a release lacks are left out
    "objective/1", "objective/A", "indicator/internet_use", "indicator/internet_use#tab=map",
    "indicator/internet_use#tab=table", "indicator/internet_use#tab=gaps", "indicator/gini", "area/KEN",
    "area/AIA", "area/M49-001", "area/M49-202", "explain#i=internet_use&a=KEN",
    "explain#i=internet_use&a=M49:001", "compare#a=M49:001,KEN&i=internet_use,gini", "search#q=kenya",
)  # fmt: skip
TIMED = ("index", "indicator/internet_use", "indicator/internet_use#tab=map", "area/KEN")
KEYED = ("index", "indicator/internet_use", "area/KEN", "compare", "scores", "explain#i=internet_use&a=KEN")
SLOWER, LIMIT = 4, 2.0  # times slower, and seconds until a page may be used
LONGEST = 6000  # pixels of a screenshot
READY = "return document.readyState === 'complete' && !document.querySelector('.wait')"
CONTROLS = (
    "[...document.querySelectorAll('a[href], button, select, input, summary, [tabindex=\"0\"]')]"
    ".filter((e) => e.checkVisibility() && (e.type !== 'radio' || e.checked) && e.tabIndex >= 0)"
)


def pages_of(site: Path) -> list[str]:
    """Return one page of each type in each language: those at the root, and those of CHOSEN that exist."""
    root = sorted(path.stem for path in site.glob("*.html"))
    chosen = [page for page in CHOSEN if (site / f"{page.partition('#')[0]}.html").is_file()]
    return [language + page for language in LANGUAGES for page in (*root, *chosen)]


class Reader:
    """A browser that opens pages of one site from its folder."""

    def __init__(self, site: Path) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = str(shutil.which("chromium"))
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
            options.add_argument(argument)
        options.add_argument("--hide-scrollbars")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.site = site
        self.driver = webdriver.Chrome(options=options, service=Service(str(shutil.which("chromedriver"))))
        self.driver.set_script_timeout(120)

    def look(self, scheme: str, width: int) -> None:
        """Set colour scheme and width of the screen."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)

    def visit(self, page: str) -> float:
        """Open a page anew. Returns the seconds until its scripts had drawn all."""
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        name, mark, rest = page.partition("#")
        self.driver.get(f"{(self.site / name).as_uri()}.html{mark}{rest}")
        WebDriverWait(self.driver, 30, poll_frequency=0.02).until(lambda d: d.execute_script(READY))
        return float(self.driver.execute_script("return performance.now()")) / 1000

    def barriers(self) -> list[str]:
        """Return what axe finds on the open page."""
        self.driver.execute_script(AXE_SCRIPT)
        found = self.driver.execute_async_script("axe.run().then(arguments[0])")
        return [
            f"axe {v['id']} ({len(v['nodes'])}): {v['nodes'][0]['html'][:160]}" for v in found["violations"]
        ]

    def errors(self) -> list[str]:
        """Return the errors of the open page's scripts."""
        return [str(entry["message"]) for entry in self.driver.get_log("browser")]

    def too_wide(self, width: int) -> list[str]:
        """Return that the open page is wider than the screen, if it is."""
        wide = int(self.driver.execute_script("return document.documentElement.scrollWidth"))
        return [f"{wide} pixels wide on a screen of {width}"] if wide > width else []

    def not_reached(self) -> list[str]:
        """Return the controls of the open page that the tabulator does not reach."""
        wanted = int(self.driver.execute_script(f"window.reached = new Set(); return {CONTROLS}.length"))
        for _ in range(wanted + 5):
            self.driver.switch_to.active_element.send_keys(Keys.TAB)
            self.driver.execute_script("window.reached.add(document.activeElement)")
        missed = (
            f"return {CONTROLS}.filter((e) => !window.reached.has(e)).map((e) => e.outerHTML.slice(0, 120))"
        )
        return [f"not reached by keyboard: {control[:120]}" for control in self.driver.execute_script(missed)]

    def keep(self, folder: Path, name: str, width: int) -> None:
        """Keep a picture of the open page."""
        folder.mkdir(parents=True, exist_ok=True)
        height = int(self.driver.execute_script("return document.documentElement.scrollHeight"))
        clip = {"x": 0, "y": 0, "width": width, "height": min(height, LONGEST), "scale": 1}
        options = {"captureBeyondViewport": True, "clip": clip}
        taken = self.driver.execute_cdp_cmd("Page.captureScreenshot", options)["data"]
        (folder / f"{re.sub('[^a-zA-Z0-9_]+', '-', name)}.png").write_bytes(base64.b64decode(taken))


def faults(reader: Reader, pages: list[str], screenshots: Path | None) -> Iterator[str]:
    """Yield every fault of the pages, with page, scheme and width."""
    for width in WIDTHS:
        for scheme in SCHEMES:
            reader.look(scheme, width)
            for page in pages:
                reader.visit(page)
                found = reader.errors() + reader.too_wide(width)
                if width == WIDTHS[-1]:
                    found += reader.barriers()
                yield from (f"{page}, {scheme}, {width}: {fault}" for fault in found)
                if screenshots and not page.startswith(LANGUAGES[1:]):
                    reader.keep(screenshots, f"{page}-{width}-{scheme}", width)


def slow_and_keyed(reader: Reader, pages: list[str]) -> Iterator[str]:
    """Yield the pages that are slow on a slow processor, printing all times, and controls without a key."""
    reader.look("light", WIDTHS[-1])
    for page in (page for page in KEYED if page in pages):
        reader.visit(page)
        yield from (f"{page}: {fault}" for fault in reader.not_reached())
    reader.driver.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    for page in (page for page in TIMED if page in pages):
        seconds = sorted(reader.visit(page) for _ in range(5))[2]
        print(f"{SLOWER} times slower processor, {page}: {seconds:.2f} s (median of 5)")
        if seconds > LIMIT:
            yield f"{page}: {seconds:.2f} s on a {SLOWER} times slower processor, allowed {LIMIT} s"


def main(arguments: list[str]) -> int:
    """Return 0 if no page has a fault, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.site_check", description=__doc__)
    parser.add_argument("site", type=Path, help="folder of the site, with index.html")
    parser.add_argument("--screenshots", type=Path, help="folder for pictures of the English pages")
    given = parser.parse_args(arguments)
    site = given.site.resolve()
    if not (site / "index.html").is_file():
        parser.error(f"{site} has no index.html: name the folder that `compact report` wrote")
    reader, pages = Reader(site), pages_of(site)
    try:
        found = [*faults(reader, pages, given.screenshots), *slow_and_keyed(reader, pages)]
    finally:
        reader.driver.quit()
    print("\n".join(found))
    print(f"{len(pages)} pages, {len(SCHEMES)} schemes, {len(WIDTHS)} widths: {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
