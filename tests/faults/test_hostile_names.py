"""External names and notes are displayed as text: the site of a release where each contains markup, a
script and a script URL.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from reports.site import build
from tests import site_release
from tests.site_release import explained, write_release

RUNS = "document.title=`ran`"
HOSTILE = f"\"'><img src=x onerror='{RUNS}'></script><script>{RUNS}</script><!--{{{{7*7}}}}${{7*7}}"
WORDS = {
    "name", "group_name", "title", "description", "notes", "target_origin", "reason", "text", "citation",
    "agency", "agency_release", "licence", "text_ref", "owner", "who", "what", "contributor", "document",
    "footnote", "source_detail", "computed_as",
}  # fmt: skip
ADDRESSES = {"url", "evidence"}  # not homepage, which stands in source.yaml and is reviewed as code is


def hostile(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    made = [dict(row) for row in rows]
    for row in made:
        for column, value in row.items():
            if column in ADDRESSES and isinstance(value, str):
                row[column] = f"javascript:{RUNS}//{HOSTILE}"
            elif column in WORDS and isinstance(value, str):
                row[column] = value + HOSTILE
    return made


class Markup(HTMLParser):
    """What a browser would run, or go to, in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.script = tag == "script" and dict(attrs).get("type") in (None, "module", "text/javascript")
        for name, value in attrs:
            text = (value or "").strip().lower()
            if name.startswith("on") or (tag == "img" and text == "x"):
                self.found.append(f"<{tag} {name}={value}>")
            if name in ("href", "src", "action", "xlink:href", "formaction") and text.startswith(
                "javascript:"
            ):
                self.found.append(f"<{tag} {name}={text[:40]}>")

    def handle_endtag(self, tag: str) -> None:
        self.script = False

    def handle_data(self, data: str) -> None:
        if self.script and data.strip().startswith("document.title="):
            self.found.append(data[:60])
        if "49" in data and ("\"'><img" in data and "49}" in data):
            self.found.append(f"a template ran: {data[:60]}")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, tables = tmp_path_factory.mktemp("hostile"), site_release._tables
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            site_release,
            "_tables",
            lambda *given: {name: hostile(rows) for name, rows in tables(*given).items()},
        )
        release = write_release(folder / "release")
    build(release, folder / "site", explain=explained)
    return folder / "site"


def test_no_word_of_a_release_is_markup(site: Path) -> None:
    pages, shown = sorted(site.rglob("*.html")), 0
    assert len(pages) > 20
    for page in pages:
        text, parser = page.read_text(encoding="utf-8"), Markup()
        parser.feed(text)
        parser.close()
        assert parser.found == [], page.name
        shown += "&lt;img src=x onerror" in text
    assert shown > 10, "the words are shown, as words"


@pytest.mark.parametrize(
    "page", ["index.html", "indicator/internet_use.html", "area/KEN.html", "source/one.html"]
)
def test_no_word_of_a_release_runs_in_a_real_browser(page: str, site: Path) -> None:
    """Also what the page's own scripts put there from its data."""
    browser = shutil.which("chromium") or pytest.skip("chromium is not installed")
    if not (site / page).is_file():
        (page,) = [str(result.relative_to(site)) for result in site.glob("source*.html")][:1]
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=4000",
         "--dump-dom", (site / page).as_uri()],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )  # fmt: skip
    title = re.search(r"<title>(.*?)</title>", done.stdout)
    assert title is not None
    assert title[1] != "ran"
    assert "Compact" in title[1]
