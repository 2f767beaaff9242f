"""Shared parts of the definition models: the strict base class and the types of single fields.

The definitions themselves are in indicator.py, source.py, targets.py, verdicts.py and methods.py.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Address", "AreaCode", "Direction", "Identifier", "Line", "Model", "Year"]

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Line = Annotated[str, Field(min_length=1, pattern=r"^[^\r\n]+$")]
Address = Annotated[str, Field(pattern=r"^https?://[^\s<>\"]+$")]  # the URL becomes a link
AreaCode = Annotated[str, Field(pattern=r"^([A-Z]{3}|M49:[0-9]{3}|WB:[A-Z0-9]{3}|OWN:[A-Z0-9]{2,12})$")]
Year = Annotated[int, Field(ge=1990, le=2100)]
Direction = Literal["higher_is_better", "lower_is_better", "closer_to_one"]


class Model(BaseModel):
    """Base model: no unknown fields, no silent type conversion, immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
