"""The committed definitions and the examples of the guide are sound."""

from __future__ import annotations

import re

import pytest
import yaml

from indicators.registry import FOLDER, check_files, load_catalogue
from indicators.validation import frameworks
from schemas.definitions.verdicts import Target
from tests.command import CHECKOUT


def test_every_committed_definition_is_sound() -> None:
    checked = check_files()
    assert [str(problem) for problem in checked.problems] == []
    assert checked.files >= 20


def test_the_catalogue_has_what_the_first_release_promises() -> None:
    catalogue = load_catalogue()
    derived = [i for i, definition in catalogue.items() if definition.formula.strip() != "value"]
    assert len(catalogue) >= 20
    assert {"internet_use_parity", "income_share_bottom_40", "bottom_40_premium", "people_offline"} <= set(
        derived
    )
    embedded = [
        i
        for i in catalogue
        if "world_factbook" in {s for j in catalogue.in_order([i]) for s in catalogue.sources_of(j)}
    ]
    assert len(embedded) >= 15


def test_every_target_says_who_set_it_and_every_file_has_its_editor_line() -> None:
    catalogue = load_catalogue()
    for indicator_id, indicator in catalogue.items():
        first = catalogue.file_of(indicator_id).read_text(encoding="utf-8").splitlines()[0]
        assert first == "# yaml-language-server: $schema=../../../schemas/json/indicator.schema.json"
        assert indicator.target is None or len(indicator.target.origin) > 10
        assert indicator.notes.strip(), indicator_id


@pytest.mark.parametrize(
    ("files", "schema"),
    [
        ("sources/agencies/*/source.yaml", "../../../schemas/json/source"),
        ("indicators/catalogue/targets/*.yaml", "../../../schemas/json/targets"),
        ("indicators/catalogue/scores/*.yaml", "../../../schemas/json/scores"),
        ("indicators/catalogue/frameworks/crosswalk.yaml", "../../../schemas/json/crosswalk"),
        ("indicators/catalogue/claims.yaml", "../../schemas/json/claims"),
    ],
)
def test_every_other_definition_has_its_editor_line(files: str, schema: str) -> None:
    results = sorted(CHECKOUT.glob(files))
    assert results
    for path in results:
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first == f"# yaml-language-server: $schema={schema}.schema.json", path
        assert (path.parent / first.partition("$schema=")[2]).is_file()


def test_the_frameworks_are_whole() -> None:
    assert set(frameworks()) == {"compact_brief", "compact_adopted", "sdg", "umc", "esg", "esg_theme"}
    assert all(part.get("codes") or part.get("pattern") for part in frameworks().values())


def test_the_example_of_the_guide_is_the_indicator_it_shows() -> None:
    page = (CHECKOUT / "docs" / "definitions.md").read_text(encoding="utf-8")
    shown = page.split("```yaml\n")[1].split("```")[0]
    file = (FOLDER / "connectivity" / "internet_use_parity.yaml").read_text(encoding="utf-8")
    heads = ("id:", "title:", "description:", "unit:", "direction:", "formula:", "  female:", "  male:")

    def same(text: str) -> list[str]:
        return [line for line in text.splitlines() if line.startswith(heads)]

    assert len(same(shown)) == len(heads)
    assert same(shown) == same(file)


def test_the_target_of_the_guide_is_one_that_a_file_may_have() -> None:
    page = (CHECKOUT / "docs" / "definitions.md").read_text(encoding="utf-8")
    (shown,) = [block for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "met_from" in block]
    written = Target.model_validate(yaml.safe_load(shown)["target"])
    file = yaml.safe_load((FOLDER / "inequality" / "extreme_poverty.yaml").read_text(encoding="utf-8"))
    in_use = Target.model_validate(file["target"])
    assert (written.value, written.year, written.met_from) == (in_use.value, in_use.year, in_use.met_from)
