"""A field goes out on a document that names it, in the form it may, or not at all."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.errors import Invalid
from registry.domain.exchange.bases import (
    UNKNOWN,
    WHOLE,
    BasisForm,
    LawfulBasis,
    basis_of,
    read_basis,
)
from registry.domain.exchange.files import files, report
from registry.domain.exchange.mapping import Facts, mapped
from registry.domain.exchange.plan import How, Why, plan
from registry.domain.exchange.stand_ins import StandIns
from registry.domain.exchange.tables import (
    TABLES,
    ExportType,
    Standing,
    rules_of,
)

TODAY = date(2026, 6, 1)
AT = datetime(2026, 6, 1, tzinfo=UTC)
EVENTS, OCCUPANTS = ExportType.EVENTS, ExportType.OCCUPANTS
FILLERS = ("XXXX", "佚名", "未填写", "汉", "01", "1", "0", "-")
fields = st.sampled_from([(t, f) for t in ExportType for f in rules_of(t)])


def basis(
    type_: ExportType,
    field: str = WHOLE,
    codes: Mapping[str, str] | None = None,
    recipient: str = "station",
    **changes: object,
) -> LawfulBasis:
    values: dict[str, object] = {
        "id": f"X-{type_}-{field}",
        "type": type_,
        "field": field,
        "law": "law, art. 1",
        "document": "2026-17",
        "recipient": recipient,
        "enabled_by": "op",
        "enabled_at": AT,
        "until": TODAY + timedelta(days=1),
        "codes": codes or {},
    }
    return LawfulBasis(**(values | changes))  # type: ignore[arg-type]


def forms(type_: ExportType, *bases: LawfulBasis) -> dict[str, str]:
    """Return how each field of a table goes out, or why it does not."""
    decided = plan(type_, bases, TODAY)
    return {each.rule.name: each.how for each in decided.outgoing} | {
        rule.name: why for rule, why in decided.withheld
    }


@pytest.mark.parametrize("type_", ExportType)
def test_without_a_document_nothing_goes_out(type_: ExportType) -> None:
    decided = plan(type_, [], TODAY)
    assert decided.outgoing == ()
    assert {rule.name for rule, _ in decided.withheld} == set(rules_of(type_))


def test_a_table_alone_sends_nothing_personal() -> None:
    told = forms(EVENTS, basis(EVENTS))
    assert told["XPXLH"] == How.PSEUDONYM
    assert told["XM"] == told["ZJHM"] == Why.NO_BASIS
    assert told["legal"] == told["pictures"] == Why.NEVER
    assert {f for f, how in told.items() if how == How.VALUE} == {
        "XXZJBH",
        "SJLXDM",
        "MDMC",
        "SKSJ",
        "FWDZ",
        "FWBH",
    }


def test_an_order_that_names_a_field_lets_it_out_while_it_holds() -> None:
    named = basis(EVENTS, "XM")
    assert forms(EVENTS, basis(EVENTS), named)["XM"] == How.VALUE
    assert forms(EVENTS, named)["XM"] == Why.TABLE_OFF
    for over in ({"until": TODAY}, {"revoked_at": AT}, {"recipient": "another"}):
        ended = basis(EVENTS, "XM", **over)
        assert forms(EVENTS, basis(EVENTS), ended)["XM"] == Why.NO_BASIS
    clear = basis(EVENTS, "XPXLH")
    assert forms(EVENTS, basis(EVENTS), clear)["XPXLH"] == How.VALUE


def test_ethnicity_is_at_most_the_code_for_unknown_that_a_document_gives() -> None:
    whole = basis(OCCUPANTS)
    assert forms(OCCUPANTS, whole)["MZDM"] == Why.NO_BASIS
    assert forms(OCCUPANTS, whole, basis(OCCUPANTS, "MZDM"))["MZDM"] == Why.NO_CODE
    allowed = basis(OCCUPANTS, "MZDM", {UNKNOWN: "97"})
    assert forms(OCCUPANTS, whole, allowed)["MZDM"] == How.UNKNOWN
    blocked = {rule.name for rule, _ in plan(OCCUPANTS, [whole], TODAY).blocked}
    assert "MZDM" in blocked, "the convention demands it, so nothing goes out without"
    assert forms(OCCUPANTS, whole, allowed)["MZ"] == Why.NEVER


@given(fields)
def test_no_document_lets_out_what_never_goes(place: tuple[ExportType, str]) -> None:
    type_, name = place
    rule = rules_of(type_)[name]
    told = forms(type_, basis(type_), basis(type_, name, {UNKNOWN: "9"}))[name]
    assert (told == Why.NEVER) is (rule.standing is Standing.NEVER)
    if rule.standing is Standing.ABSENT:
        assert told == How.UNKNOWN, "there is no value of it to send"


def test_what_we_do_not_hold_has_no_value_to_go_out() -> None:
    absent = {
        rule.name
        for table in TABLES.values()
        for rule in table.fields
        if rule.standing in (Standing.ABSENT, Standing.NEVER)
    }
    assert absent >= {"XB", "MZ", "MZDM", "CSRQ", "HJDZ_DZMC", "DWMC", "RKLB"}


@pytest.mark.parametrize("type_", ["105", "106", "107", "108"])
def test_tables_that_are_never_made_say_why(type_: str) -> None:
    assert TABLES[ExportType(type_)].why_not
    assert TABLES[ExportType(type_)].fields == ()


def facts(row: int = 1, **changes: str | None) -> Facts:
    values: dict[str, str | None] = {
        "XXZJBH": "door-1",
        "SJLXDM": "entry",
        "MDMC": "gate",
        "SKSJ": "20260601120000",
        "FWDZ": "1 Road",
        "FWBH": None,
        "XM": "A",
        "XPXLH": "4001",
    }
    return Facts(f"passage:{row}", values | changes, "c" * 32)


def test_a_record_is_whole_or_refused_with_every_missing_field() -> None:
    decided = plan(EVENTS, [basis(EVENTS)], TODAY)
    done = mapped(decided, [facts(), facts(2, SKSJ=None, FWDZ=""), facts(3)])
    assert [line["XPXLH"] for line in done.lines] == ["c" * 32] * 2
    assert [(r.row, r.record, r.field) for r in done.refused] == [
        (2, "passage:2", "SKSJ"),
        (2, "passage:2", "FWDZ"),
    ]
    assert all(r.remedy for r in done.refused)
    assert "XM" not in done.lines[0]
    assert "FWBH" not in done.lines[0], "not required: left out, not padded"
    assert done.counts == dict.fromkeys(
        ("XXZJBH", "XPXLH", "SJLXDM", "MDMC", "SKSJ", "FWDZ"), 2
    )


def test_a_word_without_a_code_is_refused_not_guessed() -> None:
    whole = [
        basis(OCCUPANTS),
        basis(OCCUPANTS, "MZDM", {UNKNOWN: "97"}),
        *(
            basis(OCCUPANTS, f)
            for f in ("XM", "ZJHM", "FWDZ", "FWBH", "RZSJ", "RZZT", "JZFS")
        ),
    ]
    values = dict.fromkeys(("XM", "ZJHM", "FWDZ", "FWBH", "RZSJ"), "x")
    record = Facts("O1", values | {"RZZT": "in", "ZJLX": "citizen"}, "b")
    without = plan(OCCUPANTS, [*whole, basis(OCCUPANTS, "ZJLX")], TODAY)
    (refusal,) = mapped(without, [record]).refused
    assert (refusal.field, refusal.remedy) == (
        "ZJLX",
        "have the document give a code for citizen",
    )
    given_codes = basis(OCCUPANTS, "ZJLX", {"citizen": "111"})
    (line,) = mapped(plan(OCCUPANTS, [*whole, given_codes], TODAY), [record]).lines
    assert (line["ZJLX"], line["RZZT"], line["MZDM"]) == ("111", "1", "97")
    assert "JZFS" not in line, "nobody knows how they live, so nothing is said"


@given(
    st.dictionaries(
        st.sampled_from(["XXZJBH", "SJLXDM", "MDMC", "SKSJ", "FWDZ", "FWBH"]),
        st.none() | st.sampled_from(["entry", "a", "b"]),
    )
)
def test_nothing_goes_out_that_was_not_there(values: dict[str, str | None]) -> None:
    decided = plan(EVENTS, [basis(EVENTS)], TODAY)
    done = mapped(decided, [Facts("p", values, "stand-in")])
    known = {*filter(None, values.values()), "1", "stand-in"}
    for line in done.lines:
        assert set(line.values()) <= known
    assert bool(done.lines) is not bool(done.refused)


def test_files_say_the_same_twice_and_report_what_went() -> None:
    decided = plan(EVENTS, [basis(EVENTS)], TODAY)
    done = mapped(decided, [facts(MDMC='a "gate", 一号')])
    made = files(decided, done, report(decided, done))
    assert sorted(made) == ["104.csv", "104.jsonl", "104.report.json"]
    head, row, _ = made["104.csv"].decode().split("\r\n")
    assert head.split(",")[0] == "XXZJBH"
    assert '"a ""gate"", 一号"' in row
    assert not any(filler in made["104.jsonl"].decode() for filler in FILLERS[:4])
    said = report(decided, done)
    assert said["records"] == 1
    withheld = {w["field"]: w["why"] for w in said["withheld"]}  # type: ignore[attr-defined]
    assert withheld["XM"] == Why.NO_BASIS


def test_a_stand_in_stays_within_a_month_and_says_nothing_beyond() -> None:
    ours, other = StandIns(bytes(32)), StandIns(b"k" * 32)
    june, late, july = TODAY, date(2026, 6, 30), date(2026, 7, 1)
    one = ours.of("credential", "1", june)
    assert one == ours.of("credential", "1", late)
    assert len(one) == 32
    others = {
        ours.of("credential", "1", july),
        ours.of("credential", "2", june),
        ours.of("occupancy", "1", june),
        other.of("credential", "1", june),
    }
    assert len(others | {one}) == 5


def typed(**changes: object) -> BasisForm:
    values: dict[str, object] = {
        "type": "104",
        "field": "XM",
        "law": "law, art. 1",
        "document": "2026-17",
        "recipient": "station",
        "until": "2026-12-31",
        "operator": "op",
    }
    return BasisForm(**(values | changes))  # type: ignore[arg-type]


def test_a_basis_is_read_with_its_codes() -> None:
    read = read_basis(typed(codes=["citizen=111"]), "X1", AT, TODAY)
    assert read.codes == {"citizen": "111"}
    assert read.holds(date(2026, 12, 30))
    assert not read.holds(date(2026, 12, 31))
    later = basis(EVENTS, "XM", enabled_at=AT + timedelta(hours=1))
    assert basis_of([later, read], EVENTS, "XM", TODAY) == later


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"law": " ", "document": "", "recipient": "", "operator": ""}, 4),
        ({"until": "2026-06-01"}, 1),
        ({"until": "never"}, 1),
        ({"type": "109"}, 1),
        ({"type": "107", "field": "*"}, 1),
        ({"field": "nothing"}, 1),
        ({"field": "pictures"}, 1),
        ({"type": "101", "field": "MZ"}, 1),
        ({"codes": ["citizen"]}, 1),
        ({"document": "x" * 201}, 1),
    ],
)
def test_a_basis_that_cannot_be(changes: dict[str, object], wrong: int) -> None:
    with pytest.raises(Invalid) as told:
        read_basis(typed(**changes), "X1", AT, TODAY)
    assert len(told.value.fields) == wrong
    assert all(e.remedy for e in told.value.fields)
