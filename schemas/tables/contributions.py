"""The published tables of contributions, without names of persons: neither the importing user nor contacts,
except those that belong to a role and gave consent.

The templates are in schemas/definitions/contribution_templates.py. These rows are separate from agencies'
figures: no indicator reads them, and their references were checked at import only.
"""

from __future__ import annotations

from dataclasses import replace

from schemas.columns.model import Table
from schemas.definitions.contribution_templates import TEMPLATES

# The importing user, whom the contributor's contract does not cover; and an answer about the contact only.
WITHHELD = ("imported_by", "consent")
CONTACT = "contact"
DESCRIPTIONS = {
    "snapshot": "sha256 of the file as it was sent.",
    CONTACT: "Whom to ask: a web page, or the mailbox of a role such as data@. Null where the "
    "contributor did not consent, and for a person's address.",
}


def _published(kept: Table) -> Table:
    columns = tuple(
        replace(
            column,
            description=DESCRIPTIONS.get(column.name, column.description),
            nullable=column.nullable or column.name == CONTACT,
        )
        for column in kept.columns
        if column.name not in WITHHELD
    )
    return replace(kept, columns=columns)


CONTRIBUTION_TABLES: tuple[Table, ...] = tuple(_published(template.table) for template in TEMPLATES.values())
