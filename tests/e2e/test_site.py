"""The site of a tiny release in a real browser, opened from its folder: no console error, no request outside,
search, compare, keyboard, accessibility by axe, at three widths.

Chromium and its driver are Debian's. Screenshots stay in $COMPACT_SCREENSHOTS, or are thrown away.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_core_python.base import AXE_SCRIPT
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from reports.site import build
from tests.site_release import explained, write_release

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
WIDTHS = (390, 820, 1280)
# One page of each type.
PAGES = (
    "index", "indicators", "areas", "compare", "search", "claims", "availability",
    "not-measurable", "methods", "sources", "downloads", "changes", "objective/A", "gaps", "inequality",
    "scores", "contributions", "disagreement", "status", "explain", "explain#i=internet_use&a=KEN",
    "explain#i=internet_use&a=M49:001", "explain#i=gini&a=KEN", "es/explain#i=internet_use&a=KEN",
    "fr/scores",
    "indicator/internet_use", "indicator/skills", "area/KEN", "area/UGA", "area/M49-202",
    "fr/index", "es/area/KEN", "fr/indicator/internet_use",
)  # fmt: skip
pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER), reason="needs Debian's packages chromium and chromium-driver"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    release = write_release(tmp_path_factory.mktemp("release") / "r")
    build(release, release / "site", explain=explained)
    return release / "site"


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    driver.set_window_size(1280, 900)
    yield driver
    driver.quit()


def visit(browser: webdriver.Chrome, site: Path, page: str) -> None:
    """Open a page anew and wait until scripts have drawn."""
    browser.get("about:blank")
    for kind in ("browser", "performance"):
        browser.get_log(kind)
    name, mark, rest = page.partition("#")
    browser.get(f"{(site / name).as_uri()}.html{mark}{rest}")
    until(browser, "return !document.querySelector('.wait') && document.readyState === 'complete'")


def until(browser: webdriver.Chrome, script: str) -> Any:
    return WebDriverWait(browser, 10, poll_frequency=0.05).until(lambda driver: driver.execute_script(script))


def asked(browser: webdriver.Chrome) -> list[str]:
    """Addresses that were requested since the page was opened."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_loads_without_error_request_or_barrier(
    browser: webdriver.Chrome, site: Path, page: str
) -> None:
    visit(browser, site, page)
    assert [entry["message"] for entry in browser.get_log("browser")] == []
    outside = [url for url in asked(browser) if not url.startswith(("file:", "data:", "blob:", "about:"))]
    assert outside == []
    browser.execute_script(AXE_SCRIPT)
    found = browser.execute_async_script("axe.run().then(arguments[0])")
    barriers = [
        f"{v['id']}: {v['nodes'][0]['html'][:200]} {v['nodes'][0]['failureSummary'][:300]}"
        for v in found["violations"]
    ]
    assert barriers == []


@pytest.mark.parametrize("page", ["index", "indicator/internet_use", "area/KEN", "compare", "inequality"])
def test_the_dark_scheme_has_no_barrier(browser: webdriver.Chrome, site: Path, page: str) -> None:
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
    try:
        visit(browser, site, page)
        ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert ground == "rgb(18, 24, 31)"
        browser.execute_script(AXE_SCRIPT)
        found = browser.execute_async_script("axe.run().then(arguments[0])")
        assert [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found["violations"]] == []
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_the_screen(browser: webdriver.Chrome, site: Path, width: int) -> None:
    kept = os.environ.get("COMPACT_SCREENSHOTS")
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
    )
    try:
        for page in PAGES:
            visit(browser, site, page)
            assert browser.execute_script("return document.documentElement.scrollWidth") <= width, page
            if kept:
                Path(kept).mkdir(parents=True, exist_ok=True)
                browser.save_screenshot(
                    str(Path(kept) / f"{re.sub('[^a-zA-Z0-9_]+', '-', page)}-{width}.png")
                )
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_search_finds_by_name_accent_code_and_series(browser: webdriver.Chrome, site: Path) -> None:
    visit(browser, site, "index")
    field = browser.find_element(By.ID, "q")
    for text, first in (
        ("kenya", "Kenya"),
        ("TZA", "United Republic"),
        ("i99H", "Individuals"),
        ("using", "Individuals"),
    ):
        field.clear()
        field.send_keys(text)
        hit = "document.querySelector('#hits:not([hidden]) li')?.textContent"
        assert until(browser, f"return {hit}?.startsWith({json.dumps(first)})")
    field.send_keys(Keys.ARROW_DOWN, Keys.ENTER)
    until(browser, "return location.pathname.endsWith('indicator/internet_use.html')")
    visit(browser, site, "fr/index")
    browser.find_element(By.ID, "q").send_keys("Ouganda", Keys.ENTER)
    until(browser, "return document.querySelector('#results a')")
    assert (
        browser.find_element(By.CSS_SELECTOR, "#results a").get_attribute("href").endswith("fr/area/UGA.html")
    )


def test_compare_draws_what_is_chosen_and_keeps_it_in_the_address(
    browser: webdriver.Chrome, site: Path
) -> None:
    visit(browser, site, "compare")
    for field, text in (("add-area", "Kenya"), ("add-area", "France"), ("add-indicator", "Gini index")):
        browser.find_element(By.ID, field).send_keys(text, Keys.ENTER)
        until(
            browser,
            f"return document.getElementById('choose').textContent.includes({json.dumps(text)})",
        )
    until(browser, "return document.querySelectorAll('#compared svg[role=img]').length === 2")
    table = browser.find_element(By.CSS_SELECTOR, "#compared table").text
    assert "35% 2024" in table.replace("35.0%", "35%")
    assert "38.5" in table
    assert "no data" in table  # the world has no Gini
    assert browser.current_url.endswith("#a=M49:001,KEN,FRA&i=internet_use,gini")
    french = browser.find_element(By.CSS_SELECTOR, ".tongues a[lang=fr]").get_attribute("href")
    assert french.endswith("fr/compare.html#a=M49:001,KEN,FRA&i=internet_use,gini")
    browser.find_element(By.CSS_SELECTOR, "#areas button").click()
    until(browser, "return location.hash.startsWith('#a=KEN,FRA')")
    browser.find_element(By.ID, "add-area").send_keys("Atlantis", Keys.ENTER)
    assert "Atlantis" in browser.find_element(By.ID, "said").text


def test_map_changes_to_tiles_and_pace_and_missing_is_hatched(browser: webdriver.Chrome, site: Path) -> None:
    visit(browser, site, "indicator/internet_use")
    hatched = "return document.querySelectorAll('#map .canvas [fill=\"url(#hatch)\"]').length"
    assert browser.execute_script(hatched) > 200
    assert "no data" in browser.find_element(By.CSS_SELECTOR, "#map .key").text
    browser.find_element(By.CSS_SELECTOR, "#map input[value=tiles]").click()
    assert until(browser, "return document.querySelectorAll('#map .canvas rect').length") > 190
    browser.find_element(By.CSS_SELECTOR, "#map input[value=pace]").click()
    assert "Unlikely to be met" in browser.find_element(By.CSS_SELECTOR, "#map .key").text
    label = browser.find_element(By.CSS_SELECTOR, "#map svg[role=img]").get_attribute("aria-label")
    assert "3 countries" in label


def test_the_fan_and_the_gaps_are_drawn_and_said_in_tables(browser: webdriver.Chrome, site: Path) -> None:
    visit(browser, site, "indicator/internet_use")
    Select(browser.find_element(By.CSS_SELECTOR, "#trend select")).select_by_value("KEN")
    until(
        browser,
        "return document.querySelectorAll('#trend svg [fill-opacity] path').length >= 2",
    )
    Select(browser.find_element(By.CSS_SELECTOR, "#trend select")).select_by_value("TZA")
    said = "No projection for United Republic of Tanzania"
    assert said in browser.find_element(By.CSS_SELECTOR, "#trend [role=status]").text
    Select(browser.find_element(By.CSS_SELECTOR, "#trend select")).select_by_value("KEN")
    browser.find_element(By.CSS_SELECTOR, "#trend summary").click()
    assert "projected" in browser.find_element(By.CSS_SELECTOR, "#trend details").text
    assert "Women" in browser.find_element(By.ID, "gaps").text
    assert "Kenya" in browser.find_element(By.CSS_SELECTOR, "#gaps table").text


def test_a_table_sorts_and_its_rows_lead_to_profiles(browser: webdriver.Chrome, site: Path) -> None:
    visit(browser, site, "indicator/internet_use")
    first = "return document.querySelector('#table tbody th').textContent"
    assert browser.execute_script(first) == "France"
    browser.find_element(By.XPATH, "//div[@id='table']//thead//button[text()='Country']").click()
    browser.find_element(By.XPATH, "//div[@id='table']//thead//button[text()='Country']").click()
    assert browser.execute_script(first) == "United Republic of Tanzania"
    heads = "return [...document.querySelectorAll('#table thead th')].map((h) => h.getAttribute('aria-sort'))"
    assert "descending" in browser.execute_script(heads)
    assert "(old)" in browser.find_element(By.ID, "table").text


def test_the_keyboard_reaches_every_control(browser: webdriver.Chrome, site: Path) -> None:
    visit(browser, site, "indicator/internet_use")
    seen: list[str] = []
    near = "const a = document.activeElement, near = a.closest('[id]')?.id;"
    text = "[a.className, a.id, a.value, near, a.textContent.trim().slice(0, 20), a.tagName].join('|')"
    for _ in range(120):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        here = browser.execute_script(f"{near} return {text}")
        if here.endswith("BODY"):
            break
        seen.append(here)
    assert seen[0].startswith("skip")
    wanted = ("q|", "Français", "Overview", "value", "map", "trend", "gaps", "table", "Country", "Download")
    assert [part for part in wanted if not any(part in one for one in seen)] == []
    visit(browser, site, "indicator/internet_use")
    browser.switch_to.active_element.send_keys(Keys.TAB)
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert browser.switch_to.active_element.get_attribute("id") == "main"


def test_the_profile_shows_peers_and_marks_what_is_missing(browser: webdriver.Chrome, site: Path) -> None:
    visit(browser, site, "area/KEN")
    profile = browser.find_element(By.ID, "profile").text
    for part in (
        "Individuals using the Internet",
        "35%",
        "2024",
        "estimated",
        "Unlikely to be met",
        "65 to 100% (2030)",
    ):
        assert part in profile.replace("35.0%", "35%").replace("65.0 to", "65 to"), part
    assert "rank 2 of 3" in browser.find_element(By.ID, "peers").text


def test_a_figure_leads_to_how_it_came_about(browser: webdriver.Chrome, site: Path) -> None:
    visit(browser, site, "indicator/internet_use")
    link = browser.find_element(By.XPATH, "//div[@id='table']//tr[th='Kenya']//a[@class='why']")
    assert link.get_attribute("href").endswith("explain.html#i=internet_use&a=KEN")
    link.click()
    until(browser, "return document.querySelector('#why .input-head')")
    why = browser.find_element(By.ID, "why").text
    for part in (
        "Input value = 35",
        "one i99H, choice 2 of 2. Without a value: none X.",
        "Aged 3 and older.",
        "<b>no markup</b>",  # what an agency writes is never taken for markup
        "https://one.example/api?page=1",
        "10 rows in = 9 kept + 1 refused (empty value 1)",
        "from byte 1,234, 42 bytes",
        '{"iso":"KEN","value":35.0}',
        f"tail -c +1235 snapshots/objects/aa/{'a' * 64} | head -c 42",
        "passed range: all values lie from 0 to 100",
        "where ref_area = 'KEN' and time_period = 2024",
        "compact explain internet_use --area KEN --year 2024",
    ):
        assert part in why, part
    assert browser.find_element(By.TAG_NAME, "h1").text == "Individuals using the Internet, Kenya, 2024"
    Select(browser.find_element(By.ID, "of-area")).select_by_value("M49:001")
    until(browser, "return document.querySelector('#why table')")
    members = browser.find_element(By.CSS_SELECTOR, "#why table")
    assert "Kenya" in members.text
    assert members.find_element(By.LINK_TEXT, "Kenya").get_attribute("href").endswith("&a=KEN")
    Select(browser.find_element(By.ID, "of-indicator")).select_by_value("gini")
    until(browser, "return document.querySelector('#why .notice')")  # no world value: said, not a zero
    Select(browser.find_element(By.ID, "of-area")).select_by_value("KEN")
    until(browser, "return document.querySelector('#why .input-head')")
    assert "made without the store of snapshots" in browser.find_element(By.ID, "why").text


def test_a_site_without_explanations_says_so(browser: webdriver.Chrome, site: Path, tmp_path: Path) -> None:
    build(site.parent, tmp_path / "plain")
    visit(browser, tmp_path / "plain", "explain#i=gini&a=KEN")
    assert "made without explanations" in browser.find_element(By.ID, "why").text


def test_scores_have_ranges_and_inequality_its_curves(browser: webdriver.Chrome, site: Path) -> None:
    visit(browser, site, "scores")
    text = browser.find_element(By.ID, "scores").text
    assert "2 countries have a score for 2025" in text
    assert "1 – 2 90.0 +5.0 (2020)" in text
    Select(browser.find_element(By.ID, "score-group")).select_by_value("M49:202")
    until(browser, "return document.querySelectorAll('#scores tbody tr').length === 1")
    assert "F" in browser.find_element(By.CSS_SELECTOR, "main > ul").text  # a part without a score is named
    visit(browser, site, "inequality")
    label = "return document.querySelector('#within svg[role=img]').getAttribute('aria-label')"
    assert "the lower half of people has 25 per cent" in browser.execute_script(label)
    row = browser.find_element(By.CSS_SELECTOR, "#within tbody tr").text
    assert row.startswith("Kenya consumption 2022 38.5 40.1")
    assert browser.execute_script("return document.querySelectorAll('#between svg[role=img]').length") == 2


@pytest.mark.parametrize(
    "page", ["index", "explain#i=internet_use&a=KEN", "scores", "compare", "disagreement"]
)
def test_the_keyboard_reaches_all_that_a_mouse_does(browser: webdriver.Chrome, site: Path, page: str) -> None:
    visit(browser, site, page)
    controls = "[...document.querySelectorAll('a[href], button, select, input, summary, [tabindex=\"0\"]')]"
    shown = f"{controls}.filter((e) => e.checkVisibility() && (e.type !== 'radio' || e.checked))"
    wanted = browser.execute_script(f"window.reached = new Set(); return {shown}.length")
    for _ in range(wanted + 5):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        browser.execute_script("window.reached.add(document.activeElement)")
    missed = f"return {shown}.filter((e) => !window.reached.has(e)).map((e) => e.outerHTML.slice(0, 120))"
    assert browser.execute_script(missed) == []
