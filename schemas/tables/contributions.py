"""The published tables of contributions: what is kept of them, without the names of persons: not who at this
office imported them, and of the contacts only those that belong to a role and for which consent was given.

What a contributor fills in is in contributions.py. These rows stand apart from agencies' figures: no indicator reads
them, and what they refer to was checked when they were imported, not again.
"""

from __future__ import annotations

from dataclasses import replace

from schemas.columns.model import Table
from schemas.definitions.contribution_templates import TEMPLATES

# A member of staff, whom the contributor's contract does not cover; and an answer that concerns the contact alone.
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
