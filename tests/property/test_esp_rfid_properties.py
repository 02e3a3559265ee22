"""esp-rfid under any bytes, any losses and any order of events."""

import json
from contextlib import suppress
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from controller.encoding import digest_of
from controller.errors import MessageRefused
from controller.protocols.esp_rfid.commands import Order, Verb, read_order, write_order
from controller.protocols.esp_rfid.messages import (
    LARGEST_TIME,
    MOST_RELAYS,
    User,
    read_message,
    read_tag,
)
from controller.protocols.esp_rfid.reading import read_object, read_pseudo_object
from controller.protocols.esp_rfid.users import users_of
from controller.session import (
    RENEWED,
    Offline,
    Online,
    Packet,
    PassageSeen,
    PermitsApplied,
    Uncertain,
)
from controller.vocabulary import CardNumber, Permit
from tests.support.esp_rfid_line import (
    START,
    EspLine,
    line_with_permit,
    permit,
    snapshot,
)

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
NAMES = st.sampled_from(
    [
        "type",
        "time",
        "uptime",
        "ip",
        "hostname",
        "uid",
        "user",
        "username",
        "access",
        "isKnown",
        "acctype",
        "validuntil",
        "src",
        "desc",
        "data",
        "cmd",
        "doorip",
    ]
)
VALUES = SCALARS | st.sampled_from(
    ["boot", "heartbeat", "access", "WARN", "deletuid", "true", "Always", "10.0.0.1"]
)
OBJECTS = st.dictionaries(NAMES, VALUES | st.lists(VALUES, max_size=5), max_size=10)
BRANCHES = st.sampled_from(["send", "tag", "x"])
JSON = OBJECTS.map(lambda value: json.dumps(value).encode())
ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1)
USERS = st.builds(
    lambda uid, name, access, times: User(uid[:19], name[:63], access, *sorted(times)),
    ASCII,
    ASCII,
    st.tuples(*[st.sampled_from((0, 1, 99))] * MOST_RELAYS),
    st.tuples(*[st.integers(0, LARGEST_TIME)] * 2),
)
PLAIN = st.sampled_from([Verb.GET_USERS, Verb.OPEN_DOOR, Verb.DELETE_LOG, Verb.REBOOT])
ORDERS = (
    st.builds(Order, PLAIN)
    | st.builds(lambda user: Order(Verb.ADD_USER, user=user), USERS)
    | st.builds(lambda uid: Order(Verb.DELETE_USER, uid=uid[:19]), ASCII)
    | st.builds(lambda n: Order(Verb.OPEN, relay=n), st.integers(0, MOST_RELAYS - 1))
)


@given(st.binary(max_size=3000) | JSON)
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    readers = (read_object, read_pseudo_object, read_message, read_tag, read_order)
    for read in readers:
        with suppress(MessageRefused):
            read(data)


@given(ORDERS, ASCII)
@settings(max_examples=100, deadline=None)
def test_commands_come_back_as_they_went(order: Order, address: str) -> None:
    assert read_order(write_order(order, address[:45])) == (order, address[:45])


@given(USERS)
@settings(max_examples=50, deadline=None)
def test_a_list_repeats_what_was_stored(user: User) -> None:
    assert read_message(write_order(Order(Verb.ADD_USER, user=user), "a")) == user


@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.floats(-3, 3), st.floats(0.00001, 3)),
        max_size=8,
    ),
    st.floats(-4, 7),
)
@settings(max_examples=100, deadline=None)
def test_a_user_never_opens_when_no_permit_does(
    spans: list[tuple[int, float, float]], day: float
) -> None:
    permits = [
        permit(number, card, (begin, begin + length))
        for number, (card, begin, length) in enumerate(spans)
    ]
    users, left_out = users_of(permits)
    moment = permit(0, days=(day, 9)).validity.start.replace(microsecond=0)
    for uid, user in users.items():
        if user.since <= moment.timestamp() <= user.until:
            card = CardNumber(int(uid, 16))
            held = [p for p in permits if p.card == card and p.id not in left_out]
            assert any(p.validity.contains(moment) for p in held)


@given(
    st.lists(
        st.tuples(st.binary(max_size=200) | JSON, BRANCHES),
        max_size=10,
    ),
    st.floats(0, 300),
)
@settings(max_examples=25, deadline=None)
def test_noise_does_not_keep_a_device_from_its_permits(
    noise: list[tuple[bytes, str]], pause: float
) -> None:
    line = line_with_permit()
    for data, branch in noise:
        line.session.receive_data(Packet(data, f"/rfid/{branch}"), line.now)
        line.run(pause)
    line.forget()
    line.connect()
    line.run(400)
    line.send(snapshot(permit(2), revision=2), 700)
    assert line.of(PermitsApplied)[-1].digest == digest_of([permit(2)])


class Watching(RuleBasedStateMachine):
    """Every opening is seen, or lies in a span that is reported as a doubt."""

    def __init__(self) -> None:
        super().__init__()
        self.line = EspLine()
        self.line.start()
        self.line.send(snapshot(permit(1)))
        self.taken: list[float] = []

    @rule(seconds=st.floats(0.5, 250))
    def wait(self, seconds: float) -> None:
        self.line.run(seconds)

    @rule()
    def tap(self) -> None:
        self.line.now += 3.0
        self.line.tap(0xA001)
        self.taken.append(self.line.now)

    @rule()
    def disconnect(self) -> None:
        self.line.disconnect()

    @rule()
    def connect(self) -> None:
        if not self.line.esps[0].online:
            self.line.connect()

    @rule(address=st.sampled_from(["10.0.0.8", "10.0.0.9"]))
    def move(self, address: str) -> None:
        self.line.esps[0].device.move(address)
        self.line.disconnect()

    @rule()
    def break_the_line(self) -> None:
        self.line.heard = False

    @rule()
    def renew_the_line(self) -> None:
        if not self.line.heard:
            self.line.heard = True
            self.line.session.receive_data(RENEWED, self.line.now)

    @rule()
    def restart(self) -> None:
        self.line.heard = True
        self.line.restart()

    @invariant()
    def contact_alternates(self) -> None:
        kinds = [type(e) for e in self.line.events if isinstance(e, Online | Offline)]
        assert all(a is not b or a is Online for a, b in pairwise(kinds))

    def seen(self) -> list[PassageSeen]:
        return self.line.of(PassageSeen)

    def teardown(self) -> None:
        self.renew_the_line()
        if not self.line.esps[0].online:
            self.line.connect()
        self.line.run(400)
        seen = [int((e.controller_at or START).timestamp()) for e in self.seen()]
        assert len(set(seen)) == len(seen), "nothing counts twice"
        doubts = [(d.since or 0.0, d.until) for d in self.line.of(Uncertain)]
        for at in self.taken:
            doubted = any(since <= at <= until for since, until in doubts)
            assert doubted or int(START.timestamp() + at) in seen
        assert self.line.of(Online), "it finds its way back"


TestWatching = Watching.TestCase
TestWatching.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


@given(
    wanted=st.lists(st.lists(st.integers(1, 9), unique=True), min_size=1, max_size=4),
    losses=st.lists(st.booleans(), max_size=60),
)
@settings(max_examples=30, deadline=None)
def test_an_applied_digest_is_what_the_device_holds(
    wanted: list[list[int]], losses: list[bool]
) -> None:
    line, fates = EspLine(), iter(losses)

    def carry(packet: Packet) -> list[Packet]:
        is_user = b'"adduser","doorip"' in packet.data and packet.peer == "/rfid/send"
        return [] if not is_user and next(fates, False) else [packet]

    line.up = line.down = carry
    line.start(400)
    current: list[Permit] = []
    for revision, numbers in enumerate(wanted, 1):
        current = [permit(number) for number in numbers]
        before = len(line.of(PermitsApplied))
        while len(line.of(PermitsApplied)) == before:
            line.send(snapshot(*current, revision=revision), 900)
        assert line.of(PermitsApplied)[-1].digest == digest_of(current)
        assert set(line.esps[0].flash.files) == {f"a00{number}" for number in numbers}
