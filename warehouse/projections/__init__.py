"""The projection: model, intervals, probabilities, and the back-test that calibrates them."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    backtest="Calibrated calibrated errors skill",
    model_settings="settings",
    nested="by_family cross_fitted reliability tenths",
    projection=(
        "load_projection_series panel_of projection_refused_table projection_rows projection_skill_table"
    ),
)
