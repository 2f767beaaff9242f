"""Contributions of stakeholders: writes templates, reads and validates files, and stores accepted rows apart
from the agencies' data.

This package sends no request, and publishes nothing by itself. See docs/contributions.md.
"""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    code_checks="Known Measure",
    importer="ImportResult import_file",
    template="write_template",
)
