"""`compact mcp`, called by a real client over standard input and output: every result has its origin, and
unknown facts are marked.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError
from mcp.client.stdio import StdioServerParameters

from pipelines.mcp.server import SIZE, part_of, to_json
from tests.command import CHECKOUT
from tests.unit.make import SNAP, value
from tests.unit.released import judged, released

FIGURES = {("KEN", 2015): 20.0, ("KEN", 2020): 30.0, ("UGA", 2020): 12.5}
TOOLS = [
    "about",
    "coverage",
    "explain",
    "gaps",
    "progress",
    "projection",
    "ranking",
    "search",
    "series",
    "show",
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("mcp")
    latest = [
        {
            "indicator": "use", "ref_area": area, "time_period": 2020, "value": number, "source": "one",
            "obs_status": "E", "series": "S", "snapshot": SNAP["a"],
        }
        for area, number in (("KEN", 30.0), ("UGA", 12.5))
    ]  # fmt: skip
    folder = released(
        made / "releases" / "r1",
        FIGURES,
        indicator=[value("use", *key, number, obs_status="E") for key, number in FIGURES.items()],
        progress=[
            row | ({"probability": 0.72, "confidence": "high"} if row["ref_area"] == "KEN" else {})
            for row in judged(FIGURES, {"UGA": "insufficient_data"})
        ],
        latest=latest,
    )
    (made / "releases" / "latest").symlink_to(folder.name)
    return made


@pytest.fixture(scope="module")
def answers(home: Path) -> dict[str, Any]:
    """What a client gets to all questions of this module, in one session."""
    asked: dict[str, tuple[str, dict[str, Any]]] = {
        "search": ("search", {"text": "internet"}),
        "search nothing": ("search", {"text": "unicorns"}),
        "about": ("about", {"indicator": "use"}),
        "show": ("show", {"indicator": "use", "area": "Kenya"}),
        "show all": ("show", {"indicator": "use"}),
        "show a year": ("show", {"indicator": "use", "area": "KE", "year": 2015}),
        "show nothing": ("show", {"indicator": "use", "area": "TZA"}),
        "show nowhere": ("show", {"indicator": "use", "area": "Atlantis"}),
        "show no indicator": ("show", {"indicator": "abuse"}),
        "progress": ("progress", {"indicator": "use", "area": "KEN"}),
        "progress unknown": ("progress", {"indicator": "use", "area": "UGA"}),
        "progress nothing": ("progress", {"indicator": "use", "area": "TZA"}),
        "gaps": ("gaps", {"indicator": "use", "area": "KEN"}),
        "explain": ("explain", {"indicator": "use", "area": "KEN", "year": 2020}),
        "explain nothing": ("explain", {"indicator": "use", "area": "KEN", "year": 2001}),
        "coverage": ("coverage", {"indicator": "use"}),
        "coverage of an area": ("coverage", {"area": "Kenya"}),
        "series": ("series", {"indicator": "use", "area": "Kenya", "since": 2016}),
        "ranking": ("ranking", {"indicator": "use"}),
        "ranking of a group": ("ranking", {"indicator": "use", "group": "Eastern Africa"}),
        "projection nothing": ("projection", {"indicator": "use", "area": "Kenya"}),
        "series from the second": ("series", {"indicator": "use", "area": "Kenya", "offset": 1}),
        "series beyond the last": ("series", {"indicator": "use", "area": "Kenya", "offset": 7}),
        "too long": ("search", {"text": "x" * 100_000}),
        "commands": ("search", {"text": "\x1b[2J\u202eunicorns"}),
        "a year beyond all years": ("show", {"indicator": "use", "year": 10**300}),
        "a year of another kind": ("show", {"indicator": "use", "year": "x" * 100_000}),
        "an argument too many": ("show", {"indicator": "use", "y" * 50_000: 1}),
        "a list for a word": ("search", {"text": ["x" * 1000] * 100}),
        "no such tool": ("z" * 100_000, {}),
    }

    async def ask(client: Client) -> dict[str, Any]:
        results: dict[str, Any] = {
            "version": client.server_info.version if client.server_info else None,
            "tools": (await client.list_tools()).tools,
            "prompts": (await client.list_prompts()).prompts,
            "resources": (await client.list_resources()).resources,
            "indicators": json.loads((await client.read_resource("compact://indicators")).contents[0].text),
            "profile": (await client.get_prompt("profile", {"area": "Kenya"})).messages[0].content.text,
        }
        for name, (tool, arguments) in asked.items():
            try:
                result = await client.call_tool(tool, arguments)
            except MCPError as error:
                results[name] = str(error)
                continue
            text = getattr(result.content[0], "text", "")
            results[name] = text if result.is_error else json.loads(text)
        return results

    return session(home, ask)


def session(home: Path, ask: Callable[[Client], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    async def run() -> dict[str, Any]:
        server = StdioServerParameters(
            command=sys.executable,
            args=["-m", "pipelines.cli", "mcp"],
            cwd=CHECKOUT,
            env={"COMPACT_HOME": str(home)},
        )
        with anyio.fail_after(60):
            async with Client(server) as client:
                return await ask(client)

    return anyio.run(run)


@pytest.mark.slow
def test_the_tools_are_there_and_only_read(answers: dict[str, Any]) -> None:
    assert sorted(tool.name for tool in answers["tools"]) == TOOLS
    assert all(tool.annotations.read_only_hint for tool in answers["tools"])
    assert all(tool.description for tool in answers["tools"])


def test_a_value_comes_with_year_source_status_vintage_and_method(answers: dict[str, Any]) -> None:
    result = answers["show"]
    (row,) = result["answer"]
    told = {name: row[name] for name in ("area", "year", "value", "source", "status", "method", "licence")}
    assert told == {
        "area": "Kenya",
        "year": 2020,
        "value": 30.0,
        "source": "Source one",
        "status": "estimated",
        "method": "as the source publishes it",
        "licence": "CC BY 4.0",
    }
    (vintage,) = row["vintage"]
    assert (vintage["snapshot"], vintage["fetched_at"][:10]) == (SNAP["a"], "2026-07-01")
    assert (result["release"], result["unknown"]) == ("r1", None)
    assert answers["show a year"]["answer"][0]["value"] == 20.0
    assert [row["ref_area"] for row in answers["show all"]["answer"]] == ["KEN", "UGA"]


def test_what_is_not_known_is_said(answers: dict[str, Any]) -> None:
    for name, said in (
        ("show nothing", "unknown: this release has no value of use for TZA; that is missing, not zero"),
        ("search nothing", "nothing in this release matches 'unicorns'"),
        ("progress unknown", "unknown: there is not enough data to say"),
        ("progress nothing", "unknown: use of TZA is not assessed in this release by likelihood-2026"),
        ("gaps", "unknown: no breakdown of use for KEN is published here"),
        ("explain nothing", "years with a value: 2015, 2020"),
        ("coverage", "unknown: nothing of it for 2 of 4"),
    ):
        assert said in answers[name]["unknown"], name


def test_a_wrong_question_says_what_can_be_asked(answers: dict[str, Any]) -> None:
    assert "there is no area Atlantis" in answers["show nowhere"]
    assert "there is no indicator abuse" in answers["show no indicator"]
    assert "allowed: use" in answers["show no indicator"]


def test_what_a_client_sends_is_repeated_within_bounds_and_visible(answers: dict[str, Any]) -> None:
    assert len(answers["too long"]) < 500
    for name in ("a year beyond all years", "a year of another kind", "a list for a word", "no such tool"):
        assert isinstance(answers[name], str), f"{name} is answered"
        assert len(answers[name]) < 3_000, name
    assert len(str(answers["an argument too many"])) < 3_000
    assert "\x1b" not in answers["commands"]["unknown"]
    assert "\u202e" not in answers["commands"]["unknown"]


def test_progress_explain_and_coverage_answer(answers: dict[str, Any]) -> None:
    (row,) = answers["progress"]["answer"]
    assert (row["method"], row["category"], row["latest_year"]) == ("likelihood-2026", "likely", 2020)
    assert row["vintage"][0]["snapshot"] == SNAP["a"]
    (why,) = answers["explain"]["answer"]
    assert (why["value"]["agrees"], why["value"]["inputs"]["value"]["taken"]) == (True, "one S")
    assert answers["coverage"]["without"] == ["Rwanda", "United Republic of Tanzania"]
    assert [row["title"] for row in answers["coverage of an area"]["answer"]] == ["Internet use"]
    assert [row["indicator"] for row in answers["search"]["answer"]] == ["use"]
    assert answers["about"]["answer"][0]["target_origin"] == "test"


def test_the_server_names_its_version_and_a_verdict_comes_with_its_likelihood(
    answers: dict[str, Any],
) -> None:
    assert answers["version"] == version("compact-tracker")
    (row,) = answers["progress"]["answer"]
    assert row["verdict"] == "likely (probability 72%, high confidence)"
    (first,) = [r for r in answers["show all"]["answer"] if r["ref_area"] == "KEN"]
    assert first["verdict"] == row["verdict"]


@pytest.mark.parametrize("name", ["about", "show", "show all", "progress", "explain", "coverage", "ranking"])
def test_an_answer_stays_below_two_thousand_tokens(answers: dict[str, Any], name: str) -> None:
    """By three characters a token, which is fewer than any tokenizer takes of English and figures."""
    assert len(to_json(answers[name])) / 3 < 2_000


def test_without_a_release_there_is_nothing_to_serve(tmp_path: Path) -> None:
    from tests.command import compact

    done = compact("mcp", home=tmp_path)
    assert done.code == 2
    assert "there is no release yet" in done.err


def test_series_and_rankings_answer_for_countries_and_groups(answers: dict[str, Any]) -> None:
    assert [(row["time_period"], row["value"]) for row in answers["series"]["answer"]] == [(2020, 30.0)]
    ranked = [(row["rank"], row["area"]) for row in answers["ranking"]["answer"]]
    assert ranked == [(1, "Kenya"), (2, "Uganda")]
    assert [row["area"] for row in answers["ranking of a group"]["answer"]] == ["Kenya", "Uganda"]


def test_an_answer_is_paged_and_says_where_to_go_on(answers: dict[str, Any]) -> None:
    second = answers["series from the second"]
    assert (second["rows"], second["offset"], second["next_offset"]) == (2, 1, None)
    assert [row["time_period"] for row in second["answer"]] == [2020]
    assert "there is no row 7" in answers["series beyond the last"]


def test_a_long_answer_is_cut_below_its_size_and_loses_no_row() -> None:
    every = [{"area": f"Area {number}", "value": number * 1.5, "note": "x" * 90} for number in range(400)]
    result, offset = [], 0
    while True:
        part = part_of({"release": "r", "answer": list(every), "rows": 400, "unknown": None}, offset)
        assert len(to_json(part)) <= SIZE + 100
        result += part["answer"]
        if part["next_offset"] is None:
            break
        offset = part["next_offset"]
    assert result == every


def test_what_is_unknown_is_said_in_a_sentence(answers: dict[str, Any]) -> None:
    assert answers["show nothing"]["say"].startswith(
        "That is not known from release r1. This release has no value"
    )
    assert "say" not in answers["show"]


def test_prompts_and_resources_are_there(answers: dict[str, Any]) -> None:
    assert {prompt.name for prompt in answers["prompts"]} == {"profile", "compare", "check_claim"}
    assert "Kenya" in answers["profile"]
    uris = {str(resource.uri) for resource in answers["resources"]}
    assert uris == {"compact://release", "compact://indicators", "compact://method"}
    assert [row["indicator"] for row in answers["indicators"]] == ["use"]
