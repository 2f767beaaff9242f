"""The environment, read only here: the settings, COMPACT_HOME, and the variables of a source.

The settings are declared in settings_model.py. This module imports neither pydantic nor anything else that
would slow down a quick verb.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.errors import CompactError
from sources.origins import is_loopback

if TYPE_CHECKING:
    from sources.settings_model import Settings as Settings

ALLOW_INSECURE = "COMPACT_ALLOW_INSECURE"
CHECKOUT = Path(__file__).resolve().parent.parent
HOME, DEBUG = "COMPACT_HOME", "COMPACT_DEBUG"


def load_settings(**overrides: Any) -> Settings:
    """Load the settings from the environment.

    Args:
        overrides: values that take precedence over the environment, by name of the field.

    Raises:
        CompactError: a variable has a value that is not valid; a secret's value is not shown.
    """
    from pydantic import ValidationError

    from sources.settings_model import Settings, variable

    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0])
        name = variable(field) if field in Settings.model_fields else field
        raise CompactError(
            f"{name}={first['input']} is not valid",
            where=name,
            allowed=str(first["msg"]).removeprefix("Value error, "),
            next_step=f"correct it, or unset {name}",
        ) from None


def compact_home() -> Path:
    """Return COMPACT_HOME, ./data by default; the same as `load_settings().home`, without loading pydantic.

    Raises:
        CompactError: it is a URL, not a folder.
    """
    home = os.environ.get(HOME) or "data"
    if "://" in home:
        raise CompactError(
            f"{HOME} is an address, and must be a folder",
            where=HOME,
            next_step="name a folder; `compact pull` brings releases from a store, `publish` sends them",
        )
    return Path(home)


def pass_home_on(home: Path) -> None:
    """Set COMPACT_HOME for processes started from this one."""
    os.environ[HOME] = str(home.resolve())


def debug_is_on() -> bool:
    """Return whether tracebacks are shown: COMPACT_DEBUG, without loading pydantic."""
    return bool(os.environ.get(DEBUG))


def switch_debug_on() -> None:
    """Show tracebacks in this process and its child processes."""
    os.environ[DEBUG] = "1"


def insecure_is_allowed() -> bool:
    """Return whether plain http to another machine is allowed: COMPACT_ALLOW_INSECURE."""
    return bool(os.environ.get(ALLOW_INSECURE))


def switch_insecure_on() -> None:
    """Allow plain http to another machine, in this process and its child processes."""
    os.environ[ALLOW_INSECURE] = "1"


def __getattr__(name: str) -> Any:
    """Import `Settings` on first use."""
    if name == "Settings":
        from sources.settings_model import Settings

        return Settings
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# --- variables named after a source, or by its source.yaml
def url_override(source_id: str) -> str | None:
    """Return COMPACT_URL_<SOURCE_ID>: a mirror, a proxy or a stand-in instead of the source's own URL."""
    name = f"COMPACT_URL_{source_id.upper()}"
    url = source_variable(name) or None
    if url is None or not url.startswith("http:") or insecure_is_allowed():
        return url
    if not is_loopback(url):
        raise CompactError(
            "anyone on the network can read and change responses over plain http",
            where=name,
            allowed="an address that begins with https:, or one of this machine",
            next_step=f"`compact run --allow-insecure`, or {ALLOW_INSECURE}=1, if that network is trusted",
        )
    return url


def route_override(source_id: str) -> str | None:
    """Return COMPACT_ROUTE_<SOURCE_ID>: another route than the one in source.yaml, for a reader that has
    several.
    """
    return source_variable(f"COMPACT_ROUTE_{source_id.upper()}") or None


def source_variable(name: str) -> str:
    """Return a variable of one source: its URL, route, access key or switch; empty if unset."""
    return os.environ.get(name, "").strip()
