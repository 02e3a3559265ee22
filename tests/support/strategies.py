"""Hypothesis strategies for the vocabulary and the uplink messages."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from controller.cbor import LONGEST_NAME
from controller.door_rules import (
    LONGEST_MEMORY,
    MOST_CARDS_TOGETHER,
    SALT_SIZE,
    VERIFIER_SIZE,
    AntiPassback,
    CardPin,
    DoorMode,
    DoorRules,
    FirstCard,
    RuleBook,
    TimedMode,
)
from controller.encoding import DIGEST_SIZE, LARGEST_COUNT, encode_entry
from controller.schedule import (
    DAYS_PER_WEEK,
    MINUTES_PER_DAY,
    Hours,
    Validity,
    WeeklyProfile,
)
from controller.uplink.commissioning import LARGEST_RECORD
from controller.uplink.formats import LARGEST_OFFSET, LONGEST_WAIT
from controller.uplink.messages import (
    HASH_SIZE,
    LONGEST_ORDER,
    NONCE_SIZE,
    CommissioningReceipt,
    CommissioningReport,
    DoorOrder,
    DoorOrders,
    DoorReport,
    DoorRuleBook,
    Heartbeat,
    Message,
    OrderOutcome,
    OrderRequest,
    OrderResult,
    PassageBatch,
    PermitDelta,
    PermitRequest,
    PermitSnapshot,
    Receipt,
    RulesRequest,
)
from controller.vocabulary import (
    LARGEST_CARD_NUMBER,
    AlarmChange,
    AlarmKind,
    CardNumber,
    ControllerId,
    Direction,
    DoorId,
    Entry,
    Gap,
    GatewayId,
    Origin,
    Passage,
    Permit,
    PermitId,
    Reason,
    Revision,
    Unwatched,
)

ZONES = ("Asia/Shanghai", "UTC", "Europe/Berlin", "America/St_Johns")
FEW_DOORS = tuple(DoorId(f"door-{number}") for number in range(1, 4))
FEW_CARDS = tuple(CardNumber(4_400_000_000 + number) for number in range(1, 5))

counts = st.integers(0, LARGEST_COUNT)
names = st.text(
    st.characters(exclude_categories=("C", "Z"), include_characters=" "),
    min_size=1,
    max_size=LONGEST_NAME,
).filter(str.isprintable)
moments = st.datetimes(
    datetime(1, 1, 2),  # noqa: DTZ001 - the strategy adds the zone
    datetime(9999, 12, 30),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)
hashes = st.binary(min_size=HASH_SIZE, max_size=HASH_SIZE)
digests = st.binary(min_size=DIGEST_SIZE, max_size=DIGEST_SIZE)
gateways = names.map(GatewayId)
doors = names.map(DoorId)
cards = st.integers(1, LARGEST_CARD_NUMBER).map(CardNumber)
permit_ids = counts.map(PermitId)
revisions = counts.map(Revision)


@st.composite
def validities(draw: st.DrawFn) -> Validity:
    start = draw(moments.filter(lambda moment: moment.year < 9999))
    length = draw(st.timedeltas(timedelta(microseconds=1), timedelta(days=300)))
    return Validity(start, start + length)


@st.composite
def hours(draw: st.DrawFn) -> Hours:
    opens = draw(st.integers(0, MINUTES_PER_DAY - 1))
    closes = draw(st.integers(opens + 1, MINUTES_PER_DAY))
    return Hours(draw(st.integers(0, DAYS_PER_WEEK - 1)), opens, closes)


profiles = st.builds(
    WeeklyProfile,
    names,
    st.sampled_from(ZONES),
    st.lists(hours(), max_size=4).map(tuple),
)
permits = st.builds(
    Permit, permit_ids, cards, doors, validities(), st.none() | profiles
)
crowded_permits = st.builds(
    Permit,
    st.integers(0, 40).map(PermitId),
    st.sampled_from(FEW_CARDS),
    st.sampled_from(FEW_DOORS),
    validities(),
    st.none() | profiles,
)
"""Permits that often meet at one card, one door or one id."""

origins = st.builds(Origin, names.map(ControllerId), counts, counts)
passages = st.builds(
    Passage,
    door=doors,
    at=moments,
    granted=st.booleans(),
    reason=st.sampled_from(Reason),
    card=st.none() | cards,
    permit=st.none() | permit_ids,
    direction=st.sampled_from(Direction),
    origin=st.none() | origins,
    controller_at=st.none() | moments,
    uncertainty=st.integers(0, 10**12).map(lambda micros: micros / 1_000_000),
)


@st.composite
def gaps(draw: st.DrawFn) -> Gap:
    first, last = sorted((draw(counts), draw(counts)))
    return Gap(ControllerId(draw(names)), draw(counts), first, last)


@st.composite
def unwatched(draw: st.DrawFn) -> Unwatched:
    since, until = sorted((draw(moments), draw(moments)))
    return Unwatched(ControllerId(draw(names)), since, until)


@st.composite
def alarm_changes(draw: st.DrawFn) -> AlarmChange:
    raised_at, cleared_at = sorted((draw(moments), draw(moments)))
    end = cleared_at if draw(st.booleans()) else None
    return AlarmChange(draw(doors), draw(st.sampled_from(AlarmKind)), raised_at, end)


entries: st.SearchStrategy[Entry] = passages | gaps() | unwatched() | alarm_changes()

batches = st.builds(
    PassageBatch,
    gateways,
    counts,
    st.integers(1, LARGEST_COUNT),
    hashes,
    st.lists(entries.map(encode_entry), min_size=1, max_size=4).map(tuple),
    st.booleans(),
)
receipts = st.builds(Receipt, gateways, counts, counts, hashes)
requests = st.builds(
    PermitRequest, gateways, revisions, digests, st.integers(0, LONGEST_WAIT)
)
deltas = st.builds(
    PermitDelta,
    gateways,
    revisions,
    revisions,
    st.lists(permit_ids, max_size=3).map(tuple),
    st.lists(permits, max_size=3).map(tuple),
    digests,
)
snapshots = st.builds(
    PermitSnapshot,
    gateways,
    revisions,
    st.lists(permits, max_size=3).map(tuple),
    digests,
)
offsets = st.integers(-LARGEST_OFFSET, LARGEST_OFFSET).map(
    lambda micros: micros / 1_000_000
)
door_reports = st.builds(
    DoorReport,
    doors,
    st.booleans(),
    st.booleans(),
    revisions,
    st.none() | st.booleans(),
    st.booleans(),
    st.none() | offsets,
)
heartbeats = st.builds(
    Heartbeat,
    gateways,
    counts,
    moments,
    names,
    counts,
    st.lists(door_reports, max_size=3).map(tuple),
)
door_modes = st.sampled_from(DoorMode)
first_cards = st.builds(
    FirstCard, profiles, st.frozensets(cards, max_size=3), st.booleans()
)
passbacks = st.builds(
    AntiPassback,
    names,
    st.sampled_from(Direction),
    st.none() | st.integers(1, LONGEST_MEMORY),
    st.booleans(),
)


@st.composite
def door_rules(draw: st.DrawFn) -> DoorRules:
    door = draw(doors)
    others = doors.filter(lambda other: other != door)
    return DoorRules(
        door,
        draw(door_modes),
        tuple(draw(st.lists(st.builds(TimedMode, door_modes, profiles), max_size=2))),
        draw(st.none() | profiles),
        draw(st.none() | first_cards),
        draw(st.integers(1, MOST_CARDS_TOGETHER)),
        tuple(draw(st.lists(others, max_size=2))),
        draw(st.none() | passbacks),
    )


verifiers = st.binary(min_size=VERIFIER_SIZE, max_size=VERIFIER_SIZE)
card_pins = st.builds(
    CardPin,
    cards,
    st.binary(min_size=SALT_SIZE, max_size=SALT_SIZE),
    verifiers,
    verifiers,
)
rule_books = st.builds(
    RuleBook,
    revisions,
    st.lists(door_rules(), max_size=3, unique_by=lambda rules: rules.door).map(tuple),
    st.dictionaries(st.dates(), st.integers(0, DAYS_PER_WEEK - 1), max_size=3),
    st.lists(card_pins, max_size=3, unique_by=lambda pin: pin.card).map(tuple),
)
nonces = st.binary(min_size=NONCE_SIZE, max_size=NONCE_SIZE)
waits = st.integers(0, LONGEST_WAIT)
order_results = st.builds(OrderResult, nonces, st.sampled_from(OrderOutcome))
orders = st.builds(DoorOrder, nonces, doors, st.integers(0, LONGEST_ORDER))
rule_messages: st.SearchStrategy[Message] = st.one_of(
    st.builds(RulesRequest, gateways, revisions, waits),
    st.builds(DoorRuleBook, gateways, rule_books),
    st.builds(
        OrderRequest,
        gateways,
        nonces,
        waits,
        st.lists(order_results, max_size=3).map(tuple),
    ),
    st.builds(DoorOrders, gateways, nonces, st.lists(orders, max_size=3).map(tuple)),
)
commissioning: st.SearchStrategy[Message] = st.one_of(
    st.builds(CommissioningReport, gateways, st.binary(max_size=LARGEST_RECORD)),
    st.builds(CommissioningReceipt, gateways, hashes),
)
messages: st.SearchStrategy[Message] = st.one_of(
    batches,
    receipts,
    requests,
    deltas,
    snapshots,
    heartbeats,
    rule_messages,
    commissioning,
)

# Plain CBOR values as `controller.cbor` carries them.
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.binary(max_size=40)
    | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.integers(-(2**64), 2**64 - 1), inner, max_size=4)
    ),
    max_leaves=20,
)
