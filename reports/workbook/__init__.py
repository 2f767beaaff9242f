"""The workbook of a release, sheet by sheet as workbook_sheets.yaml declares."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    writer="build",
)
