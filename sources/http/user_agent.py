"""The User-Agent of every request."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from sources.settings import load_settings


@cache
def _version() -> str:
    try:
        return version("compact-tracker")
    except PackageNotFoundError:  # running from a checkout that is not installed
        return "unreleased"


def user_agent() -> str:
    """Return the program and its purpose; with COMPACT_CONTACT (an address or a page), also the operator's
    contact.
    """
    contact = re.sub(r"[^\x20-\x7e]", "", load_settings().contact)[:200].strip()
    return f"compact-tracker/{_version()} (statistical data collection{'; ' + contact if contact else ''})"
