"""Operator commands on a home besides a run: accept, back up, restore, roll back, collect garbage."""

from schemas.exports import lazy_exports

__getattr__, __all__ = lazy_exports(
    __name__,
    accept="held this_user",
    backup="back_up damage prune restore",
    cleanup="remove_partial_files",
    gc="collect",
    rollback="roll_back",
)
