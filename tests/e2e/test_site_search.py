"""Tolerant search: the first hit of each promised query, on the names of the whole catalogue."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from indicators.registry import load_catalogue
from reports.shared.figures import Figures
from reports.shared.localisation import LANGUAGES, Words
from reports.shared.release_reader import Release
from reports.site.build import write_shared
from reports.site.pages import Site
from reports.site.search_index import search_words
from schemas.codelists.areas import area_rows, membership_rows

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
QUERIES: dict[str, dict[str, str]] = yaml.safe_load(
    Path(__file__).with_name("search_queries.yaml").read_text(encoding="utf-8")
)
FEWEST = 100  # queries that the test must hold
# Every query's first hit, in one call: search answers asynchronously.
FIRST_HITS = """const [queries, done] = arguments;
(async () => { const found = {}; for (const q of queries) found[q] = (await CT.search(q))[0]?.href ?? "";
return found; })().then(done, (error) => done({error: String(error)}));"""
pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER), reason="needs Debian's packages chromium and chromium-driver"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Search pages over every area and every definition; no values, for names need none."""
    folder = tmp_path_factory.mktemp("names")
    metas = [
        {"indicator": i.id, "title": i.title, "description": i.description, "unit": i.unit,
         "direction": i.direction, "frameworks": json.dumps(i.frameworks), "group": "", "target_value": None,
         "target_year": None, "target_origin": None, "formula": "value",
         "inputs": json.dumps(
             {n: [{"series": x.series} for x in found if x.series] for n, found in i.named_inputs().items()}
         ),
         "aggregate_method": "none", "notes": None}
        for i in load_catalogue().values()
    ]  # fmt: skip
    for name, rows in (("area", area_rows()), ("area_group", membership_rows()), ("indicator_meta", metas)):
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")
    (folder / "release.json").write_text(json.dumps({"id": "names", "created": "2026-11-30T00:00:00Z"}))
    figures, words = Figures(Release(folder)), {name: Words(name) for name in LANGUAGES}
    write_shared(figures, words, folder / "site")
    for language in LANGUAGES:
        for path, html in Site(figures, words[language], folder / "site").overview_pages():
            if path.stem == "search":
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(html, encoding="utf-8")
    return folder / "site"


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    yield driver
    driver.quit()


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_query_has_the_first_hit_that_we_promise(
    browser: webdriver.Chrome, site: Path, language: str
) -> None:
    folder = site if language == LANGUAGES[0] else site / language
    browser.get((folder / "search.html").as_uri())
    wanted = {str(query): page for query, page in QUERIES[language].items()}
    found = browser.execute_async_script(FIRST_HITS, list(wanted))
    wrong = {
        query: (page, found.get(query))
        for query, page in wanted.items()
        if not (found[query] == f"{page}.html" or (page.endswith("/") and found[query].startswith(page)))
    }
    assert wrong == {}


def test_the_list_is_long_enough_and_names_what_exists() -> None:
    assert sum(len(queries) for queries in QUERIES.values()) >= FEWEST
    assert set(search_words()["indicators"]) - set(load_catalogue()) == set()
    codes = {row["ref_area"] for row in area_rows()}
    assert set(search_words()["areas"]) - codes == set()
