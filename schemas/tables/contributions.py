"""The published tables of contributions: what is kept of them, without the names of persons: not who at this
office imported them, and of the contacts only those that belong to a role.

What a contributor fills in is in contributions.py. These rows stand apart from agencies' figures: no indicator reads
them, and what they refer to was checked when they were imported, not again.
"""

from __future__ import annotations

from dataclasses import replace

from schemas.columns.model import Table
from schemas.definitions.contribution_templates import TEMPLATES

WITHHELD = "imported_by"  # a member of staff, whom the contributor's contract does not cover
CONTACT = "contact"
DESCRIPTIONS = {
    "snapshot": "sha256 of the file as it was sent.",
    CONTACT: "Whom to ask: a web page, or the mailbox of a role such as data@. A person's address is withheld.",
}


def _published(kept: Table) -> Table:
    columns = tuple(
        replace(
            column,
            description=DESCRIPTIONS.get(column.name, column.description),
            nullable=column.nullable or column.name == CONTACT,
        )
        for column in kept.columns
        if column.name != WITHHELD
    )
    return replace(kept, columns=columns)


CONTRIBUTION_TABLES: tuple[Table, ...] = tuple(_published(template.table) for template in TEMPLATES.values())
