"""Requests that pages of other sites can trigger, against Dagster's real web server: none launches a run,
while the same request from its own page does.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.command import CHECKOUT
from tests.faults.table import saw

LIMIT = 300.0  # seconds for the start: on two busy cores it took 40
TOKEN = "a-token-of-the-test-0123456789"
DEFINITIONS = """
import dagster as dg

@dg.asset
def one() -> None: ...

defs = dg.Definitions(assets=[one], jobs=[dg.define_asset_job("everything")])
"""
LAUNCH = """mutation { launchRun(executionParams: {
  selector: {repositoryName: "__repository__", repositoryLocationName: "tiny", jobName: "everything"}
}) { __typename ... on PythonError { message } } }"""
RUNS = "{ runsOrError { ... on Runs { count } } }"
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Web:
    """The web server as it runs, and the header with its token if it asks for one."""

    port: int
    own: Mapping[str, str]

    def send(
        self, method: str, path: str, headers: Mapping[str, str], body: str | None = None
    ) -> tuple[int, str, dict[str, str]]:
        """Status, body and headers of the response. The Host is ours unless headers say otherwise."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            data = (body or "").encode()
            sent = {"Host": f"127.0.0.1:{self.port}", "Content-Length": str(len(data))} | dict(headers)
            for name, value in sent.items():
                connection.putheader(name, value)
            connection.endheaders(data)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
            return response.status, text, {k.lower(): v for k, v in response.getheaders()}
        finally:
            connection.close()

    def ask(self, query: str) -> Any:
        status, text, _ = self.send("POST", "/graphql", JSON | dict(self.own), json.dumps({"query": query}))
        assert status == 200, text
        return json.loads(text)["data"]

    def runs(self) -> int:
        return int(self.ask(RUNS)["runsOrError"]["count"])


@contextmanager
def serving(
    folder: Path,
    environment: Mapping[str, str],
    own: Mapping[str, str],
    definitions: str = DEFINITIONS,
    more: str = "",
) -> Iterator[Web]:
    """`python -m pipelines.webserver` on a small code location of the test's own."""
    (folder / "tiny.py").write_text(definitions, encoding="utf-8")
    (folder / "workspace.yaml").write_text(
        f"load_from:\n  - python_file: {{relative_path: {folder / 'tiny.py'}, location_name: tiny}}\n",
        encoding="utf-8",
    )
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n" + more, encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("COMPACT_", "DAGSTER_"))}
    log = folder / "log.txt"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.webserver", "-w", folder / "workspace.yaml", "-p", str(port)],
            cwd=CHECKOUT,
            env=clean | {"DAGSTER_HOME": str(folder), "HOME": str(folder)} | environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    web = Web(port, own)
    try:
        end = time.monotonic() + LIMIT
        while True:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            try:
                web.send("GET", "/server_info", own)
                break
            except OSError:
                time.sleep(0.2)
        yield web
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with serving(tmp_path_factory.mktemp("web"), {"COMPACT_UI_HOSTS": "tracker.example.org"}, {}) as made:
        yield made


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    own = {"Authorization": f"Bearer {TOKEN}"}
    with serving(tmp_path_factory.mktemp("team"), {"COMPACT_UI_TOKEN": TOKEN}, own) as made:
        yield made


QUERY = "/graphql?query=" + "".join(f"%{byte:02x}" for byte in LAUNCH.encode())
BODY = json.dumps({"query": LAUNCH})
ORIGIN = {"Origin": "https://attacker.example"}
# What a page elsewhere can make a browser send without being asked: method, path, headers, body, status.
ATTACKS = {
    "an image whose address is the mutation": ("GET", QUERY, {"Accept": "image/*"}, None, 405),
    "an image, under a name that resolves here": (
        "GET",
        QUERY,
        {"Accept": "image/*", "Host": "attacker.example"},
        None,
        421,
    ),
    "DNS rebinding, with our own requests": (
        "POST",
        "/graphql",
        JSON | {"Host": "attacker.example:3000"},
        BODY,
        421,
    ),
    "a Host that only begins with ours": (
        "POST",
        "/graphql",
        JSON | {"Host": "127.0.0.1.attacker.example"},
        BODY,
        421,
    ),
    "a Host with user and password": (
        "POST",
        "/graphql",
        JSON | {"Host": "127.0.0.1@attacker.example"},
        BODY,
        421,
    ),
    "no Host": ("POST", "/graphql", JSON | {"Host": ""}, BODY, 421),
    "a form": (
        "POST",
        QUERY,
        {"Content-Type": "application/x-www-form-urlencoded"},
        "",
        415,
    ),
    "a form of several parts": ("POST", QUERY, {"Content-Type": "multipart/form-data; boundary=x"}, "", 415),
    "text that mentions JSON": (
        "POST",
        "/graphql",
        {"Content-Type": "text/plain; application/json"},
        BODY,
        415,
    ),
    "text with JSON as a parameter": (
        "POST",
        "/graphql",
        {"Content-Type": 'text/plain; x="application/json"'},
        BODY,
        415,
    ),
    "GraphQL's own type": ("POST", "/graphql", {"Content-Type": "application/graphql"}, LAUNCH, 415),
    "no type, as a beacon": ("POST", QUERY, {}, "", 415),
    "JSON from another site": ("POST", "/graphql", JSON | ORIGIN, BODY, 403),
    "JSON from a sandboxed frame or a file": ("POST", "/graphql", JSON | {"Origin": "null"}, BODY, 403),
    "JSON from another port of this machine": (
        "POST",
        "/graphql",
        JSON | {"Origin": "http://127.0.0.1:1"},
        BODY,
        403,
    ),
    "JSON that the browser calls cross-site": (
        "POST",
        "/graphql",
        JSON | {"Sec-Fetch-Site": "cross-site"},
        BODY,
        403,
    ),
    "a link to the mutation": (
        "GET",
        QUERY,
        {
            "Sec-Fetch-Site": "cross-site",
            "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document",
            "Accept": "text/html",
        },
        None,
        403,
    ),
    "another method": ("PUT", "/graphql", JSON, BODY, 405),
    "a method in lower case": ("post", "/graphql", JSON, BODY, 400),
    "the path with a slash": ("GET", QUERY.replace("/graphql", "/graphql/"), {}, None, 405),
    "the path in other letters": ("GET", QUERY.replace("/graphql", "/GraphQL"), {}, None, 405),
    "the path encoded": ("GET", QUERY.replace("/graphql", "/graph%71l"), {}, None, 405),
    "a materialization reported from elsewhere": (
        "POST",
        "/report_asset_materialization/one",
        {"Content-Type": "text/plain"},
        "{}",
        415,
    ),
    "a body beyond the limit": (
        "POST",
        "/graphql",
        JSON,
        json.dumps({"query": LAUNCH, "x": "x" * 9_000_000}),
        413,
    ),
}


@pytest.mark.fault("another site's page sends requests to the web interface")
@pytest.mark.parametrize("name", ATTACKS)
def test_no_request_of_another_site_launches_a_run(name: str, web: Web) -> None:
    method, path, headers, body, expected = ATTACKS[name]
    before = web.runs()
    status, text, _ = web.send(method, path, headers, body)
    saw(f"{status} {text.strip()}")
    assert status == expected, text
    assert "LaunchRunSuccess" not in text
    assert web.runs() == before


def test_its_own_page_launches_a_run(web: Web) -> None:
    own = JSON | {"Origin": f"http://127.0.0.1:{web.port}", "Sec-Fetch-Site": "same-origin"}
    before = web.runs()
    status, text, headers = web.send("POST", "/graphql", own, BODY)
    assert (status, json.loads(text)["data"]["launchRun"]["__typename"]) == (200, "LaunchRunSuccess")
    assert web.runs() == before + 1
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_a_proxy_s_name_that_is_configured_is_answered(web: Web) -> None:
    host = {"Host": "tracker.example.org", "Origin": "https://tracker.example.org"}
    assert web.send("POST", "/graphql", JSON | host, json.dumps({"query": RUNS}))[0] == 200


def test_a_link_from_elsewhere_opens_the_page(web: Web) -> None:
    opened = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    status, text, _ = web.send("GET", "/runs", opened)
    assert (status, "<html" in text.lower()) == (200, True)
    assert web.send("GET", "/runs", opened | {"Sec-Fetch-Dest": "iframe"})[0] == 403


def handshake(web: Web, headers: Mapping[str, str]) -> int:
    """The status of a WebSocket handshake."""
    asked = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(b"0123456789abcdef").decode(),
        "Sec-WebSocket-Protocol": "graphql-ws",
    }
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=60)
    try:
        connection.putrequest("GET", "/graphql", skip_host=True)
        for name, value in ({"Host": f"127.0.0.1:{web.port}"} | asked | dict(headers)).items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.fault("another site's page opens a WebSocket to the web interface")
@pytest.mark.parametrize(
    "headers", [ORIGIN, {"Origin": "null"}, {"Host": "attacker.example", "Origin": "http://attacker.example"}]
)
def test_no_other_site_opens_a_web_socket(headers: dict[str, str], web: Web) -> None:
    status = handshake(web, headers)
    saw(f"{status}")
    assert status == 403
    assert handshake(web, {"Origin": f"http://127.0.0.1:{web.port}"}) == 101


@pytest.mark.fault("team mode: a request without the token")
@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"Authorization": "Bearer wrong-token-0123456789"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic !!"},
        {"Authorization": "Basic " + base64.b64encode(b"user:wrong").decode()},
        {"Cookie": "compact_ui="},
        {"Cookie": f"compact_ui={TOKEN}"},
    ],
)
def test_a_team_s_web_interface_asks_for_its_token(shown: dict[str, str], team: Web) -> None:
    for method, path, body in (("GET", "/server_info", None), ("POST", "/graphql", BODY)):
        status, text, headers = team.send(method, path, JSON | shown, body)
        saw(f"{status} {text.strip()}")
        assert (status, headers["www-authenticate"].partition(" ")[0]) == (401, "Basic")
        assert TOKEN not in text
    assert handshake(team, shown) == 403


def test_a_browser_shows_the_token_once_and_then_its_cookie(team: Web) -> None:
    basic = base64.b64encode(f"anyone:{TOKEN}".encode()).decode()
    status, _, headers = team.send("GET", "/server_info", {"Authorization": f"Basic {basic}"})
    assert status == 200
    cookie, *attributes = [part.strip() for part in headers["set-cookie"].split(";")]
    assert {"HttpOnly", "SameSite=Strict"} <= set(attributes)
    assert TOKEN not in cookie
    assert team.send("POST", "/graphql", JSON | {"Cookie": cookie}, json.dumps({"query": RUNS}))[0] == 200
    assert handshake(team, {"Cookie": cookie}) == 101
