"""Contributions of stakeholders: templates written, files read and judged, accepted rows kept apart from the
agencies'.

Nothing here asks an agency, and nothing of it is published by itself. docs/contributions.md tells the whole.
"""

from sources.contributions.code_checks import Known, Measure
from sources.contributions.importer import ImportResult, import_file
from sources.contributions.template import write_template

__all__ = ["ImportResult", "Known", "Measure", "import_file", "write_template"]
