"""What a request carries: address, user agent, no credentials, no secrets in records."""

from __future__ import annotations

from pathlib import Path

import pytest

from sources.http.session import Session
from sources.http.urls import redact
from sources.model import InvalidResponse, Page
from tests.unit.http_session.session import ask
from tests.unit.local_agency import FakeTime, LocalAgency, Reply, make_source


def test_a_question_is_asked_as_given(agency: LocalAgency, time: FakeTime) -> None:
    agency.replies = [
        Reply(b'{"a": 1}', headers={"ETag": '"x"', "Last-Modified": "Mon, 01 Jun 2026 00:00:00 GMT"})
    ]
    session = ask(agency, time)
    page = session.get("/data", {"page": 2, "area": ["KEN", "NA"], "format": "json"})
    assert agency.paths() == ["/v1/data?page=2&area=KEN&area=NA&format=json"]
    assert page == Page(agency.url + agency.paths()[0], b'{"a": 1}', '"x"', "Mon, 01 Jun 2026 00:00:00 GMT")
    assert (session.usage.requests, session.usage.bytes) == (1, 8)


def test_the_user_agent_is_honest(
    agency: LocalAgency, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(agency, time).get("/a")
    monkeypatch.setenv("COMPACT_CONTACT", "stats@example.org\r\nX-Evil: 1")
    ask(agency, time).get("/a")
    first, second = (asked.headers for asked in agency.log)
    assert first["User-Agent"].startswith("compact-tracker/")
    assert "Mozilla" not in first["User-Agent"]
    assert second["User-Agent"].endswith("(statistical data collection; stats@example.orgX-Evil: 1)")
    assert second["X-Evil"] is None
    assert first["Accept-Language"] == "en"


def test_no_credentials_and_no_cookies_are_sent(
    agency: LocalAgency, time: FakeTime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(netrc))
    agency.replies = [Reply(headers={"Set-Cookie": "a=b"})]
    session = ask(agency, time)
    session.get("/a")
    session.get("/a")
    assert [(a.headers["Authorization"], a.headers["Cookie"]) for a in agency.log] == [(None, None)] * 2


def test_a_form_is_posted_and_recorded_as_a_fragment(agency: LocalAgency, time: FakeTime) -> None:
    page = ask(agency, time).post(
        "/csv", {"seriesCodes": "IT_USE_ii99", "areaCodes": ["4", "8"], "token": "s3"}
    )
    assert agency.log[0].method == "POST"
    assert agency.log[0].body == b"seriesCodes=IT_USE_ii99&areaCodes=4&areaCodes=8&token=s3"
    assert page.url == agency.url + "/v1/csv#seriesCodes=IT_USE_ii99&areaCodes=4&areaCodes=8&token=***"


def test_a_path_that_does_not_begin_with_a_slash_is_a_mistake(agency: LocalAgency, time: FakeTime) -> None:
    with pytest.raises(ValueError, match="does not begin with /"):
        ask(agency, time).get("@elsewhere.example/")
    assert agency.log == []


@pytest.mark.parametrize("key", ["key", "token", "API_KEY", "apikey", "access_token"])
def test_a_secret_is_sent_but_not_recorded(agency: LocalAgency, time: FakeTime, key: str) -> None:
    page = ask(agency, time).get("/a", {key: "s3cret", "series": "A B"})
    assert agency.paths() == [f"/v1/a?{key}=s3cret&series=A+B"]
    assert page.url.endswith(f"/v1/a?{key}=***&series=A+B")
    agency.replies = [Reply(status=404)]
    with pytest.raises(InvalidResponse) as caught:
        ask(agency, time).get("/a", {key: "s3cret"})
    assert "s3cret" not in str(caught.value) + caught.value.pages[0].url


def test_an_address_without_secrets_is_recorded_as_it_is() -> None:
    url = "https://a.example/x?q=%7Ba%7D&b=1;2&flag#part"
    assert redact(url) == url
    assert redact("https://me:mine@a.example/x?a=1") == "https://a.example/x?a=1"


def test_loopback_is_asked_without_the_proxy_and_others_through_it(
    agency: LocalAgency, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalAgency(Reply(b"[1]")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        ask(agency, time).get("/direct")
        mirror = Session(
            make_source(), base_url="http://mirror.example/v1", clock=time.clock, sleep=time.sleep
        )
        assert mirror.get("/far").body == b"[1]"
    assert agency.paths() == ["/v1/direct"]
    assert proxy.paths() == ["http://mirror.example/v1/far"]
