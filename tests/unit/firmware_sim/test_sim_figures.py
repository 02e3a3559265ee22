"""What the demo asks, counts and shows, from services that answer real HTTP."""

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from rich.console import Console

from firmware_sim.broker import free_ports
from firmware_sim.demo import exact
from firmware_sim.figures import (
    Accounts,
    Glance,
    Kind,
    Watch,
    account_for,
    accounts_for,
    both,
    result,
)
from firmware_sim.habits import HOUR
from firmware_sim.observer import Api, NoAnswer, doors_ready, outbox_depth, passages
from firmware_sim.reconcile import Account
from firmware_sim.screen import BANNER, picture


def passage(number: int, took: float) -> dict[str, Any]:
    return {
        "number": number,
        "door": "door-1",
        "card": 5,
        "at": "2026-03-01T08:00:00Z",
        "recorded_at": f"2026-03-01T08:00:{took:09.6f}Z",
        "granted": True,
        "reason": "permit",
        "controller": "lock-1",
        "controller_epoch": 1,
        "controller_index": number,
    }


ROWS = [passage(number, number / 1000) for number in range(1, 101)]
DOORS = [
    {"id": "door-1", "online": True, "acknowledged": 4, "wanted": 4},
    {"id": "door-2", "online": True, "acknowledged": 3, "wanted": 4},
    {"id": "door-3", "online": False, "acknowledged": 4, "wanted": 4},
]
KINDS = ("smart_door", "osdp", "osdp")
SPAN = {
    "number": 1,
    "controller": "esp-1",
    "since": "2026-03-01T08:00:10Z",
    "until": "2026-03-01T08:00:12Z",
}
STATUS = {
    "taps": 120,
    "unlock_p50_ms": 80.5,
    "unlock_p99_ms": 200.0,
    "street_time": 7.5 * HOUR,
}


class Service(BaseHTTPRequestHandler):
    """Both the registry and the simulator."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/api/passages":
            after = int(query.split("&")[0].removeprefix("after="))
            page = [row for row in ROWS if row["number"] > after][:40]
            self.say({"passages": page, "next": page[-1]["number"] if page else after})
        elif path == "/api/doors":
            rows = zip(DOORS, KINDS, strict=True)
            self.say({"doors": [door | {"protocol": kind} for door, kind in rows]})
        elif path == "/api/unwatched":
            spans = [] if "after=1&" in query else [SPAN]
            self.say({"unwatched": spans, "next": 1})
        elif path == "/status":
            self.say(STATUS)
        elif path == "/broken":
            self.say("no JSON {", raw=True)
        else:
            self.say({}, code=404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.say({"heard": json.loads(body)})

    def say(self, answer: object, code: int = 200, raw: bool = False) -> None:
        text = str(answer) if raw else json.dumps(answer)
        self.send_response(code)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def api() -> Iterator[Api]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield Api(server.server_port)
        server.shutdown()
        thread.join()


def test_answers_are_objects_or_no_answer(api: Api) -> None:
    assert api.get("/status") == STATUS
    assert api.post("/traffic", {"running": True}) == {"heard": {"running": True}}
    assert api.answers("/status")
    assert not api.answers("/nowhere")
    for path in ("/nowhere", "/broken"):
        with pytest.raises(NoAnswer, match=path):
            api.get(path)
    with pytest.raises(NoAnswer, match="refused"):
        Api(free_ports(1)[0]).get("/status")


def test_passages_are_read_page_by_page(api: Api) -> None:
    assert list(passages(api)) == ROWS
    assert [row["number"] for row in passages(api, 97)] == [98, 99, 100]


def test_doors_are_online_and_hold_their_permits(api: Api) -> None:
    assert doors_ready(api) == (3, 2, 2)


def test_the_gateway_tells_its_outbox_at_its_socket(tmp_path: Path) -> None:
    assert outbox_depth(tmp_path) is None
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "status.sock"))
        server.listen()

        def serve(answer: bytes) -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(answer)

        for answer, depth in ((b'{"outbox": {"depth": 7}}', 7), (b"{", None)):
            thread = Thread(target=serve, args=(answer,))
            thread.start()
            assert outbox_depth(tmp_path) == depth
            thread.join()


def test_a_glance_counts_only_what_is_new(api: Api, tmp_path: Path) -> None:
    watch = Watch(api, api, tmp_path)
    first, second = watch.look(), watch.look()
    assert (first.doors, first.doors_online, first.taps) == (3, 2, 120)
    assert first.passages == second.passages == 100
    assert second.passages_per_second == 0
    assert first.kinds == {
        "osdp": Kind(2, 1, (None, None)),
        "smart_door": Kind(1, 1, (51.0, 100.0)),
    }
    assert first.unlock == (80.5, 200.0)
    assert first.outbox is None


def test_the_account_holds_the_journal_against_the_record(
    api: Api, tmp_path: Path
) -> None:
    line = {"tap": 1, "door": "door-1", "card": 5, "at": "2026-03-01T07:59:59+00:00"}
    line |= {"outcome": "granted", "controller": "lock-1", "epoch": 1, "index": 1}
    (tmp_path / "taps.jsonl").write_text(json.dumps(line) + "\n", "utf-8")
    account = account_for(api, tmp_path)
    assert (account.taps, account.passages, account.lost) == (1, 100, [])
    assert len(account.duplicates) == 99
    assert account.delays == pytest.approx([1.001])
    silent = {"tap": 2, "door": "door-3", "card": 5, "at": "2026-03-01T08:00:11Z"}
    silent |= {"outcome": "granted", "controller": "esp-1", "epoch": None}
    with (tmp_path / "taps.jsonl").open("a", encoding="utf-8") as journal:
        journal.write(json.dumps(silent | {"index": None}) + "\n")
    accounts = accounts_for(api, tmp_path)
    assert (accounts.total.unseen, accounts.total.lost) == ([2], [])
    assert accounts.protocols["osdp"].unseen == [2]
    assert accounts.protocols["smart_door"].duplicates == account.duplicates


OSDP = Kind(51, 51, (20.0, 90.0))
LOCKS = Kind(120, 119, (None, None))
GLANCE = Glance(
    {"osdp": OSDP, "smart_door": LOCKS}, 9, 8, 3.0, (80.0, 200.0), 1, 7.75 * HOUR
)


def test_the_result_has_the_promised_fields() -> None:
    account = Account(9, 8, lost=[4], unseen=[5], delays=[0.02, 0.09])
    outcome = result(GLANCE, Accounts(account, {"osdp": account}), 20.04)
    part = {"duplicates": 0, "lost": 1, "maybe_unseen": 1}
    assert outcome == {
        "doors": 171,
        "doors_online": 170,
        "taps": 9,
        "passages_in_registry": 8,
        "duplicates": 0,
        "lost": 1,
        "maybe_unseen": 1,
        "unlock_p50_ms": 80.0,
        "unlock_p99_ms": 200.0,
        "registry_p50_ms": 90.0,
        "registry_p99_ms": 90.0,
        "outbox": 1,
        "seconds": 20.0,
        "protocols": {
            "osdp": {"doors": 51, "doors_online": 51, "taps": 9}
            | part
            | {"registry_p50_ms": 90.0, "registry_p99_ms": 90.0},
            "smart_door": {"doors": 120, "doors_online": 119, "taps": 0}
            | dict.fromkeys(part, 0)
            | {"registry_p50_ms": None, "registry_p99_ms": None},
        },
    }
    assert not exact(outcome)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"lost": 1}, False),
        ({"duplicates": 1}, False),
        ({"doors": 4}, False),
    ],
)
def test_exact_needs_all_doors_and_all_passages(
    change: dict[str, int], expected: bool
) -> None:
    outcome = {"doors": 3, "doors_online": 3, "lost": 0, "duplicates": 0}
    assert exact(outcome | change) is expected


def test_without_samples_there_are_no_times() -> None:
    assert both([]) == (None, None)
    assert both([0.5]) == (500.0, 500.0)


@pytest.mark.parametrize("outbox", [3, None])
def test_the_screen_shows_the_street(outbox: int | None) -> None:
    console = Console(width=100, record=True, file=StringIO())
    glance = replace(GLANCE, outbox=outbox, street_time=31.75 * HOUR)
    console.print(picture(glance, "http://127.0.0.1:8080/"))
    text = console.export_text()
    shown = ("170 / 171", "8(3.0 次/秒)", "p50 80 ms", "07:45", BANNER)
    for part in (*shown, "51 / 51,入库 p50 20 ms", "119 / 120,入库 —"):
        assert part in text
    assert ("?" if outbox is None else str(outbox)) in text
    assert "http://127.0.0.1:8080/" in text
