"""Contributions of stakeholders: writes templates, reads and validates files, and stores accepted rows apart
from the agencies' data.

This package sends no request, and publishes nothing by itself. See docs/contributions.md.
"""

from sources.contributions.code_checks import Known, Measure
from sources.contributions.importer import ImportResult, import_file
from sources.contributions.template import write_template

__all__ = ["ImportResult", "Known", "Measure", "import_file", "write_template"]
