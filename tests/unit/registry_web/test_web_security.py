import pytest
from fastapi import HTTPException, Request
from fastapi.responses import Response

from registry.web.security import COOKIE, POLICY, check_form, form_token, keep_token

HOST = "127.0.0.1:8080"
OWN = {
    "host": HOST,
    "origin": f"http://{HOST}",
    "sec-fetch-site": "same-origin",
    "cookie": f"{COOKIE}=secret",
}


def request(headers: dict[str, str]) -> Request:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": raw})


def test_a_form_of_our_own_is_accepted() -> None:
    check_form(request(OWN), "secret")


@pytest.mark.parametrize("absent", ["origin", "sec-fetch-site"])
def test_an_older_browser_says_less_and_is_accepted_by_its_token(absent: str) -> None:
    check_form(request({k: v for k, v in OWN.items() if k != absent}), "secret")


@pytest.mark.parametrize(
    "change",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "http://elsewhere.example"},
        {"origin": "null"},
        {"origin": f"http://{HOST}.elsewhere.example"},
        {"cookie": f"{COOKIE}=other"},
        {"cookie": ""},
    ],
)
def test_a_form_of_somebody_else_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(HTTPException) as refusal:
        check_form(request(OWN | change), "secret")
    assert refusal.value.status_code == 403


@pytest.mark.parametrize("token", ["", "other", "密", "secret "])
def test_a_wrong_token_is_refused(token: str) -> None:
    with pytest.raises(HTTPException):
        check_form(request(OWN), token)


def test_no_token_never_equals_no_cookie() -> None:
    with pytest.raises(HTTPException):
        check_form(request(OWN | {"cookie": f"{COOKIE}="}), "")


def test_a_token_is_kept_where_no_script_and_no_other_site_reaches_it() -> None:
    assert form_token(request(OWN)) == "secret"
    fresh = form_token(request({"host": HOST}))
    assert len(fresh) >= 32
    answer = Response()
    keep_token(answer, fresh)
    cookie = answer.headers["set-cookie"]
    assert f"{COOKIE}={fresh}" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie


def test_the_policy_allows_nothing_from_elsewhere_and_nothing_inline() -> None:
    assert POLICY.startswith("default-src 'none';")
    assert "unsafe" not in POLICY
    assert "http" not in POLICY
