"""A broken proxy or CA bundle of the operator is reported as such: no agency is at fault, and the run
fails until the setting is corrected.
"""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sources.http.network_settings import NetworkSettingFault, without_password
from sources.http.session import Session
from sources.model import SourceUnavailable
from tests.faults.table import saw
from tests.unit.local_agency import LocalAgency, Reply, make_source

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PROXY_VARIABLES, "requests_ca_bundle", "curl_ca_bundle"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def dead() -> Iterator[str]:
    """An address of this machine at which nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{unused.getsockname()[1]}"


@pytest.fixture
def answers(request: pytest.FixtureRequest) -> Iterator[str]:
    """A proxy that answers every CONNECT with one status line."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.recv(65536)
                        connection.sendall(f"HTTP/1.1 {request.param}\r\n\r\n".encode())

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"


def session(**changes: object) -> Session:
    return Session(make_source(**changes), sleep=lambda _: None)


def fault_of(made: Session) -> NetworkSettingFault:
    with pytest.raises(NetworkSettingFault) as caught:
        made.get("/a")
    saw(caught.value.what)
    assert not caught.value.retriable
    return caught.value


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
@pytest.mark.fault("a proxy at which nobody listens")
def test_a_proxy_that_is_not_there_is_a_setting(
    variable: str, dead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, f"http://me:s3cret@{dead}")
    said = fault_of(session())
    assert said.where == variable
    assert f"the proxy http://{dead} of {variable} does not work" in said.what
    assert "refused" in said.what
    assert f"correct {variable} or unset it" in said.next_step
    assert "s3cret" not in str(said)


@pytest.mark.parametrize("answers", ["407 Proxy Authentication Required", "403 Forbidden"], indirect=True)
@pytest.mark.fault("a proxy that refuses us")
def test_a_proxy_that_refuses_us_is_a_setting(answers: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{answers}")
    assert "Tunnel connection failed: 40" in fault_of(session()).what


@pytest.mark.parametrize("answers", ["502 Bad Gateway", "504 Gateway Timeout"], indirect=True)
@pytest.mark.fault("a proxy that does not reach the agency")
def test_a_proxy_that_does_not_reach_the_agency_is_not_at_fault(
    answers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{answers}")
    with pytest.raises(SourceUnavailable, match="the proxy says Tunnel connection failed: 50") as caught:
        session().get("/a")
    saw(caught.value.what)


@pytest.mark.fault("a proxy that refuses us")
def test_a_proxy_that_refuses_a_plain_request_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalAgency(Reply(status=407)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        said = fault_of(Session(make_source(), base_url="http://mirror.example/v1"))
    assert "HTTP 407" in said.what
    assert said.where == "HTTP_PROXY"


@pytest.mark.parametrize(
    "address", ["http://:3128", "http://proxy.example:port", "ftp://proxy.example", "//"]
)
@pytest.mark.fault("a proxy whose address is none")
def test_the_address_of_a_proxy_is_checked(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    assert "it is not the address of a proxy" in fault_of(session()).what


def test_a_proxy_is_shown_without_its_password() -> None:
    assert without_password("http://me:s3cret@proxy.example:3128/x") == "http://proxy.example:3128"
    assert without_password("me:s3cret@proxy.example:3128") == "http://proxy.example:3128"
    assert without_password("http://[::1") == "(no address)"


@pytest.mark.parametrize(("body", "says"), [(None, "cannot be read: No such file"), (b"", "no certificate"),
                                            (b"-----BEGIN", "no certificate")])  # fmt: skip
@pytest.mark.fault("a CA bundle that is none")
def test_a_bundle_that_cannot_be_used_is_a_setting(
    body: bytes | None, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bundle.pem"
    if body is not None:
        path.write_bytes(body)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    said = fault_of(session())
    assert says in said.what
    assert (said.where, "REQUESTS_CA_BUNDLE" in said.next_step) == ("REQUESTS_CA_BUNDLE", True)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1 that it has signed itself."""
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    options = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    subject = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    done = subprocess.run(
        ["openssl", "req", *options, *subject, "-keyout", str(path), "-out", str(path.with_suffix(".crt"))],
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip("openssl is not installed")
    path.write_bytes(path.read_bytes() + path.with_suffix(".crt").read_bytes())
    return path


@pytest.fixture
def secure(certificate: Path) -> Iterator[str]:
    """A server that speaks TLS with that certificate, and says {} to anyone."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, suppress(OSError), context.wrap_socket(connection, server_side=True) as tls:
                    tls.recv(65536)
                    tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

        threading.Thread(target=serve, daemon=True).start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.fault("a CA bundle without the agency's authority")
def test_a_bundle_without_the_agencys_authority_is_a_setting(
    secure: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a bundle of the operator's the certificate is the agency's matter; with the right one it is
    accepted."""
    import certifi

    with pytest.raises(SourceUnavailable, match=r"no safe connection: .*certificate verify failed"):
        Session(make_source(), base_url=secure).get("/a")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certifi.where())
    said = fault_of(Session(make_source(), base_url=secure))
    assert "does not hold the authority of https://127.0.0.1" in said.what
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.with_suffix(".crt")))
    assert Session(make_source(), base_url=secure).get("/a").body == b"{}"
