"""The operator's network settings, a proxy and a CA bundle, and the faults that they cause.

Requests reads them from the environment; this module determines and reports the faulty variable. Such a fault
is permanent: the same run fails until the setting is corrected.
"""

from __future__ import annotations

import os
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests
from requests.utils import select_proxy

from schemas.errors import CompactError
from sources.origins import is_loopback

BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # in this order, as requests reads them
PROXY_SCHEMES = ("http", "https")  # no SOCKS: its connections bypass exact_length.py
TUNNEL_STATUS = re.compile(r"Tunnel connection failed: (\d{3})")
# OpenSSL's codes for a chain that ends at an authority missing from the bundle (X509_V_ERR_*)
UNKNOWN_AUTHORITY = frozenset((2, 18, 19, 20, 21))


class NetworkSettingFault(CompactError):
    """A proxy or a CA bundle named by the environment does not work. No agency is at fault."""


@dataclass(frozen=True)
class NetworkSettings:
    """The settings for one URL.

    Attributes:
        proxies: by scheme, for requests; empty for this machine, which no proxy can reach.
        proxy: the URL of the proxy, without user name and password; empty without one.
        proxy_variable: the variable that names it.
        verify: the CA bundle, or True for the one that comes with requests.
        bundle_variable: the variable that names the bundle, or empty.
    """

    proxies: dict[str, str]
    proxy: str
    proxy_variable: str
    verify: str | bool
    bundle_variable: str

    def proxy_fault(self, what: str, allowed: str = "a proxy that responds") -> NetworkSettingFault:
        """Describe the fault of the proxy."""
        return NetworkSettingFault(
            f"the proxy {self.proxy} of {self.proxy_variable} does not work: {what}",
            where=self.proxy_variable,
            allowed=allowed,
            next_step=f"correct {self.proxy_variable} or unset it; NO_PROXY names hosts without a proxy",
        )

    def bundle_fault(self, what: str, allowed: str) -> NetworkSettingFault:
        """Describe the fault of the CA bundle."""
        return NetworkSettingFault(
            f"the CA bundle {self.verify} of {self.bundle_variable} {what}",
            where=self.bundle_variable,
            allowed=allowed,
            next_step=f"name the bundle of your network in {self.bundle_variable}, or unset it",
        )

    def lacks_authority(self, error: BaseException) -> bool:
        """Return whether a certificate was rejected because the operator's bundle lacks its issuer."""
        return (
            bool(self.bundle_variable)
            and isinstance(error, ssl.SSLCertVerificationError)
            and getattr(error, "verify_code", 0) in UNKNOWN_AUTHORITY
        )


def network_settings(url: str, session: requests.Session) -> NetworkSettings:
    """Return the environment's settings for this URL.

    Raises:
        NetworkSettingFault: the proxy's address is not one, or the CA bundle cannot be read.
    """
    env = session.merge_environment_settings(url, {}, True, True, None)
    proxies = {} if is_loopback(url) else dict(env["proxies"])
    chosen = select_proxy(url, proxies) or ""
    verify = env["verify"] or True
    bundle = next((name for name in BUNDLE_VARIABLES if os.environ.get(name)), "")
    settings = NetworkSettings(proxies, without_password(chosen), _variable_of(chosen), verify, bundle)
    if chosen:
        _check_proxy(settings)
    if bundle and url.startswith("https:"):
        _check_bundle(settings)
    return settings


def refused_tunnel(error: BaseException) -> int | None:
    """Return the status with which a proxy refused the connection; None if it did not refuse."""
    match = TUNNEL_STATUS.search(str(error))
    return int(match[1]) if match else None


def without_password(address: str) -> str:
    """Return the URL of a proxy without its password."""
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
    except ValueError:
        return "(no address)"
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}" if host else "(no address)"


def _variable_of(proxy: str) -> str:
    """Return the variable with the proxy's URL; lower case takes precedence, as in urllib."""
    names = [name for name in os.environ if name.lower().endswith("_proxy") and os.environ[name] == proxy]
    return min(names, key=str.isupper, default="the system's proxy settings") if proxy else ""


def _check_proxy(settings: NetworkSettings) -> None:
    parts = urlsplit(settings.proxy)
    try:
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        port_is_valid = False
    if not parts.hostname or not port_is_valid or parts.scheme not in PROXY_SCHEMES:
        raise settings.proxy_fault(
            "it is not the address of a proxy by http or https", "as in http://proxy.example:3128"
        )


def _check_bundle(settings: NetworkSettings) -> None:
    path = Path(str(settings.verify))
    if path.is_dir():  # of hashed certificates, which OpenSSL opens one by one
        return
    try:
        ssl.create_default_context(cafile=str(path))
    except ssl.SSLError:
        raise settings.bundle_fault("holds no certificate", "certificates in PEM form") from None
    except OSError as error:
        raise settings.bundle_fault(
            f"cannot be read: {error.strerror or error}", "a file of certificates in PEM form"
        ) from None
