"""The site of a tiny release in a real browser, opened from its folder: no console error, no request outside,
search, compare, keyboard, accessibility by axe, at three widths.

Chromium and its driver are Debian's. Screenshots stay in $COMPACT_SCREENSHOTS, or are thrown away.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from axe_core_python.base import AXE_SCRIPT
from pypdf import PdfReader
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
    "indicator/internet_use", "indicator/internet_use#tab=map", "indicator/internet_use#tab=table",
    "indicator/internet_use#tab=gaps", "indicator/gini", "indicator/skills", "area/KEN", "area/UGA",
    "area/M49-202",
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
    visit(browser, site, "indicator/internet_use#tab=map")
    hatched = "return document.querySelectorAll('#chart .canvas [fill=\"url(#hatch)\"]').length"
    assert browser.execute_script(hatched) > 200
    assert "no data" in browser.find_element(By.CSS_SELECTOR, "#chart .key").text
    browser.find_element(By.CSS_SELECTOR, "#chart input[value=tiles]").click()
    assert until(browser, "return document.querySelectorAll('#chart .canvas rect').length") > 190
    browser.find_element(By.CSS_SELECTOR, "#chart input[value=pace]").click()
    assert "Unlikely to be met" in browser.find_element(By.CSS_SELECTOR, "#chart .key").text
    label = browser.find_element(By.CSS_SELECTOR, "#chart svg[role=img]").get_attribute("aria-label")
    assert "3 countries" in label
    assert browser.current_url.endswith("#tab=map&show=pace&how=tiles")  # a link shows the same
    visit(browser, site, "fr/indicator/internet_use#tab=map&show=pace&how=tiles")
    assert browser.find_element(By.CSS_SELECTOR, "#chart input[value=tiles]").is_selected()


def test_the_year_of_the_map_turns_by_keys_and_plays(browser: webdriver.Chrome, site: Path) -> None:
    visit(browser, site, "indicator/internet_use#tab=map&y=2016")
    fill = "return document.querySelector('#chart [data-area=TZA]').getAttribute('fill')"
    slider = browser.find_element(By.ID, "chart-year")
    assert browser.execute_script(fill) == "var(--value-1)"  # 10 per cent of 2015, the newest until then
    slider.send_keys(Keys.END)
    assert not browser.current_url.endswith("y=2016")
    stale = "return document.querySelectorAll('#chart .stale path').length"
    assert browser.execute_script(stale) == 1  # 2017 is old beside 2024
    browser.find_element(By.CSS_SELECTOR, "#chart .play").click()
    until(browser, "return location.hash.includes('y=2016')")
    browser.find_element(By.CSS_SELECTOR, "#chart .play").click()
    map_ = browser.find_element(By.CSS_SELECTOR, "#chart .pointer")
    slider.send_keys(Keys.END)
    map_.send_keys(Keys.ARROW_RIGHT)
    spoken = "return document.querySelector('#chart .pointer [role=status]').textContent"
    assert browser.execute_script(spoken).startswith(
        "Kenya: 35% 2024, estimated"
    )  # France has the focus first
    map_.send_keys(Keys.ENTER)
    until(browser, "return location.pathname.endsWith('area/KEN.html')")


def test_lines_have_chips_a_fan_and_a_reading_by_keys(browser: webdriver.Chrome, site: Path) -> None:
    visit(browser, site, "indicator/internet_use")
    browser.find_element(By.CSS_SELECTOR, "#chart .choices input").send_keys("Kenya", Keys.ENTER)
    until(browser, "return location.hash === '#c=M49:001,KEN'")
    until(browser, "return document.querySelectorAll('#chart svg [fill-opacity] path').length >= 2")
    browser.find_element(By.CSS_SELECTOR, "#chart .choices input").send_keys("TZA", Keys.ENTER)
    said = "No projection for United Republic of Tanzania"
    assert said in browser.find_element(By.CSS_SELECTOR, "#chart").text
    frame = browser.find_element(By.CSS_SELECTOR, "#chart .pointer")
    frame.send_keys(Keys.HOME)
    spoken = "return document.querySelector('#chart .pointer [role=status]').textContent"
    assert "Kenya 16.6%" in browser.execute_script(spoken)
    frame.send_keys(Keys.END)
    assert "projected" in browser.execute_script(spoken)
    browser.find_element(By.CSS_SELECTOR, "#chart .chips button").click()
    until(browser, "return location.hash === '#c=KEN,TZA'")
    browser.find_element(By.CSS_SELECTOR, "#chart summary").click()
    assert "projected" in browser.find_element(By.CSS_SELECTOR, "#chart details").text


def test_gaps_stand_in_a_tab_that_the_arrow_keys_reach(browser: webdriver.Chrome, site: Path) -> None:
    visit(browser, site, "indicator/internet_use")
    browser.find_element(By.ID, "tab-line").send_keys(Keys.ARROW_RIGHT, Keys.NULL)
    browser.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    assert browser.current_url.endswith("#tab=gaps")
    assert "Women" in browser.find_element(By.ID, "chart").text
    assert "Kenya" in browser.find_element(By.CSS_SELECTOR, "#chart table").text


def test_the_tools_hand_out_link_frame_citation_picture_and_data(
    browser: webdriver.Chrome, site: Path
) -> None:
    visit(browser, site, "indicator/internet_use#c=KEN")
    browser.execute_script(
        "window.given = []; const make = URL.createObjectURL; URL.createObjectURL = (blob) => "
        "{ window.given.push(blob); return make.call(URL, blob); };"
        "HTMLAnchorElement.prototype.click = function () {};"
    )

    def tool(name: str) -> None:
        browser.find_element(By.CSS_SELECTOR, f"[data-tool={name}]").click()

    for name, part in (("link", "#c=KEN"), ("embed", "#c=KEN&embed=1"), ("cite", "Individuals using")):
        tool(name)
        value = "return document.querySelector('#chart textarea').value"
        assert part in browser.execute_script(value), name
    for name in ("svg", "png"):
        tool(name)
    until(browser, "return window.given.length === 2")
    svg = browser.execute_async_script("window.given[0].text().then(arguments[0])")
    assert "Individuals using the Internet" in svg
    assert "Source One" in svg
    assert "var(" not in svg  # the picture needs no style sheet
    assert browser.execute_script("return window.given[1].type") == "image/png"
    data = browser.find_element(By.CSS_SELECTOR, "[data-tool=csv]").get_attribute("href")
    assert data == (site.parent / "chart-data" / "internet_use.zip").as_uri()
    visit(browser, site, "indicator/internet_use#c=KEN&embed=1")
    assert not browser.find_element(By.CSS_SELECTOR, "header.top").is_displayed()
    assert browser.find_element(By.ID, "chart").is_displayed()


def test_a_table_sorts_and_its_rows_lead_to_profiles(browser: webdriver.Chrome, site: Path) -> None:
    visit(browser, site, "indicator/internet_use#tab=table")
    first = "return document.querySelector('#chart tbody th').textContent"
    assert browser.execute_script(first) == "France"
    browser.find_element(By.XPATH, "//div[@id='chart']//thead//button[text()='Country']").click()
    browser.find_element(By.XPATH, "//div[@id='chart']//thead//button[text()='Country']").click()
    assert browser.execute_script(first) == "United Republic of Tanzania"
    heads = "return [...document.querySelectorAll('#chart thead th')].map((h) => h.getAttribute('aria-sort'))"
    assert "descending" in browser.execute_script(heads)
    assert "(old)" in browser.find_element(By.ID, "chart").text
    browser.find_element(By.CSS_SELECTOR, "#chart .choices input").send_keys("ken")
    until(browser, "return document.querySelectorAll('#chart tbody tr').length === 1")


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
    wanted = ("q|", "Français", "Overview", "tab-line", "pointer", "chart-panel", "Embed", "Cite", "SUMMARY")
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
        "65 points short of 100% (2030)",
    ):
        assert part in profile.replace("35.0%", "35%").replace("65.0 points", "65 points"), part
    assert "rank 2 of 3" in browser.find_element(By.ID, "peers").text


def test_a_figure_leads_to_how_it_came_about(browser: webdriver.Chrome, site: Path) -> None:
    visit(browser, site, "indicator/internet_use#tab=table")
    link = browser.find_element(By.XPATH, "//div[@id='chart']//tr[th='Kenya']//a[@class='why']")
    assert link.get_attribute("href").endswith("explain.html#i=internet_use&a=KEN")
    link.click()
    until(browser, "return document.querySelector('#why .input-head')")
    why = browser.find_element(By.ID, "why").text
    for part in (
        "Input value = 35",
        "Source One, i99H, choice 2 of 2. Without a value: none, X.",
        "Aged 3 and older.",
        "<b>no markup</b>",  # what an agency writes is never taken for markup
        "https://one.example/api?page=1",
        "10 rows in = 9 kept + 1 rejected (empty value 1)",
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
    assert "made without the store of source files" in browser.find_element(By.ID, "why").text


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
    "page",
    ["index", "explain#i=internet_use&a=KEN", "scores", "compare", "disagreement", "indicator/internet_use"],
)
def test_the_keyboard_reaches_all_that_a_mouse_does(browser: webdriver.Chrome, site: Path, page: str) -> None:
    visit(browser, site, page)
    controls = "[...document.querySelectorAll('a[href], button, select, input, summary, [tabindex=\"0\"]')]"
    one = "(e.type !== 'radio' || e.checked) && e.tabIndex >= 0"
    shown = f"{controls}.filter((e) => e.checkVisibility() && {one})"
    wanted = browser.execute_script(f"window.reached = new Set(); return {shown}.length")
    for _ in range(wanted + 5):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        browser.execute_script("window.reached.add(document.activeElement)")
    missed = f"return {shown}.filter((e) => !window.reached.has(e)).map((e) => e.outerHTML.slice(0, 120))"
    assert browser.execute_script(missed) == []


def test_the_heads_of_a_sortable_table_are_printed_on_each_page(
    browser: webdriver.Chrome, site: Path
) -> None:
    visit(browser, site, "scores")
    longer = (
        "window.addEventListener('beforeprint', () => { const body = document.querySelector('#scores tbody');"
        "for (let n = 0; n < 150; n++) body.append(body.rows[0].cloneNode(true)); });"
    )
    browser.execute_script(longer)
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.69})["data"]
    pages = [re.sub(r"\s", "", p.extract_text()) for p in PdfReader(BytesIO(base64.b64decode(printed))).pages]
    assert len(pages) > 2
    assert "Rangeoftherank" in pages[1]
    assert "Oldestyear" in pages[1]


def test_bars_keep_their_colours_where_the_reader_forces_others(
    browser: webdriver.Chrome, site: Path
) -> None:
    visit(browser, site, "index")
    fills = (
        "return [...document.querySelectorAll('.stack i')].map((e) => getComputedStyle(e).backgroundColor)"
    )
    drawn = browser.execute_script(fills)
    forced = {"features": [{"name": "forced-colors", "value": "active"}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", forced)
    try:
        assert browser.execute_script("return matchMedia('(forced-colors: active)').matches")
        assert browser.execute_script(fills) == drawn
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
