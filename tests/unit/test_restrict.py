"""A catalogue without some of its inputs: nothing that needs them remains."""

from __future__ import annotations

from indicators.licensing import restricted
from indicators.registry import Catalogue, load_catalogue
from schemas.definitions.indicator import Input


def without(source_id: str) -> tuple[Catalogue, list[str]]:
    return restricted(load_catalogue(), lambda item: item.source != source_id)


def test_no_input_of_the_source_is_left_and_the_rest_is_as_it_was() -> None:
    whole = load_catalogue()
    left, gone = without("itu_datahub")
    assert not any(left.series_of("itu_datahub"))
    assert set(left) | set(gone) == set(whole)
    assert left["electricity"] == whole["electricity"]
    before, after = (one["internet_use"].named_inputs()["value"] for one in (whole, left))
    assert after == [item for item in before if item.source != "itu_datahub"] != before


def test_an_indicator_goes_with_what_it_is_made_of() -> None:
    left, gone = without("worldbank_wdi")
    assert "bottom_40_premium" in gone  # two series of the World Bank
    assert "population" in left  # the Factbook has it too
    _, none = restricted(load_catalogue(), lambda item: item.source is None)
    assert set(none) == set(load_catalogue())


def test_where_the_weight_goes_the_group_values_go_and_the_indicator_stays() -> None:
    def keep(item: Input) -> bool:
        return item.series not in ("SP.POP.TOTL", "People and Society > Population")

    left, gone = restricted(load_catalogue(), keep)
    assert "population" in gone
    assert left["internet_use"].aggregate.method == "none"
