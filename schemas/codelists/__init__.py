"""Code lists and their loaders: areas, groupings, units, observation status, dimension codes."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    areas="area_name area_rows grouping_problems membership_rows",
    code_maps="code_map not_carried",
    code_names="code_rows",
    reader="read_codelist",
    subnational="is_subnational subnational_rows",
    units="unit_codes unit_map",
)
