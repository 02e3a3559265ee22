"""Whatever a browser, a script or a mistake sends, a page or a refusal comes back."""

from collections.abc import Iterator

import pytest

from registry.web.forms import fresh_key
from tests.support.counter import Counter, counter
from tests.support.small_street import OLD_CARD

NEW = "/tenancies/new"


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """For tests that change nothing."""
    with counter(tmp_path_factory.mktemp("odd")) as opened:
        yield opened


def held(desk: Counter) -> tuple[int, int]:
    """Return what no refused request may change."""
    with desk.services.store.reading() as uow:
        return len(uow.tenancies.ids()), uow.permits.revision()


@pytest.mark.parametrize(
    "origin",
    [
        "http://[",
        "http://[::1",
        "http://",
        "null",
        "",
        "127.0.0.1",
        "http://{host}/",
        "http://{host}@elsewhere.example",
        "http://elsewhere.example?http://{host}",
    ],
)
def test_an_origin_that_is_not_ours_to_the_letter_is_refused(
    steady: Counter, origin: str
) -> None:
    before = held(steady)
    host = steady.client.base_url.netloc.decode()
    steady.client.headers["Origin"] = origin.format(host=host)
    try:
        answer = steady.send(NEW, **steady.tenancy())
    finally:
        del steady.client.headers["Origin"]
    assert answer.status_code == 403
    assert "表单已失效" in answer.text
    assert held(steady) == before


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b'{"unit": "B001-0303"}', 403),
        ("text/plain", b"unit=B001-0303", 403),
        ("application/x-www-form-urlencoded", b"", 403),
        ("application/x-www-form-urlencoded", b"token=%ED%B2%80&unit=%FF", 403),
        ("multipart/form-data", b"no boundary", 400),
        ("multipart/form-data; boundary=x", b"--x\r\nnonsense", 403),
    ],
)
def test_what_is_no_form_of_ours_is_refused(
    steady: Counter, content_type: str, body: bytes, status: int
) -> None:
    before = held(steady)
    answer = steady.client.post(
        NEW, content=body, headers={"Content-Type": content_type}
    )
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert held(steady) == before


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/doors?page=999999999999999999999", 200),
        ("/doors?page=0", 422),
        ("/doors?state=stolen", 422),
        ("/doors/nowhere", 404),
        ("/doors/door-1?before=yesterday", 422),
        ("/doors/door-1?before=99999999999999999999.p", 422),
        ("/buildings/B009", 404),
        ("/buildings/B001/units/9999", 404),
        ("/buildings/B001/units/0201?before=.", 422),
        ("/tenancies/T99", 404),
        ("/tenancies/T99/permits", 404),
        ("/units/B001-0201/cards/x/end", 422),
        ("/units/B001-0202/cards/1/end", 404),
        ("/units/B001-0201/cards/99999999999999999999/end", 404),
        ("/tenancies/%00", 404),
        ("/nowhere", 404),
    ],
)
def test_an_address_that_leads_nowhere_is_a_page_that_says_so(
    steady: Counter, path: str, status: int
) -> None:
    shown = steady.page(path, status)
    assert '<html lang="zh-CN"' in shown
    assert "Traceback" not in shown
    assert str(OLD_CARD) not in shown


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("card", "9" * 201),
        ("card", str(2**64)),
        ("card", "0"),
        ("card", "١٢٣"),
        ("start", "1999-12-31"),
        ("end", "2099-01-01"),
        ("occupant", "a\u202eb"),
        ("occupant", "\x7f"),
    ],
)
def test_a_field_at_its_bounds_is_told_and_changes_nothing(
    steady: Counter, field: str, value: str
) -> None:
    before = held(steady)
    answer = steady.send(NEW, **steady.tenancy(**{field: value}))
    assert answer.status_code == 422
    assert f'id="{field}-wrong"' in answer.text
    assert held(steady) == before


def test_a_file_is_refused_even_from_a_page_of_ours(steady: Counter) -> None:
    before = held(steady)
    hidden = {"key": fresh_key()}
    steady.page(NEW)
    hidden["token"] = steady.client.cookies["form"]
    answer = steady.client.post(
        NEW, data=hidden, files={"occupant": ("a.txt", b"name")}
    )
    assert answer.status_code == 400
    assert "无法识别这个请求" in answer.text
    assert held(steady) == before
