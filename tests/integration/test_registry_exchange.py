"""Files for the police: off, then field by field on documents, and each on record."""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from registry.assembly import build_services
from registry.audit.trail import Action
from registry.cli import program
from registry.domain.addresses import CodeScheme, ExternalCode, Validity
from registry.domain.errors import Conflict, Invalid, NotFound
from registry.domain.exchange.bases import BasisForm
from registry.domain.exchange.tables import ExportType
from registry.domain.history import Source
from registry.domain.identifiers.kinds import DocumentForm, DocumentKind
from registry.domain.identity_documents import ShownDocument
from registry.domain.responsibility import Responsible
from registry.persistence.audit_entries import AuditEntries
from registry.services import exchange_facts
from registry.services.exchange import ExchangeService, Made
from tests.support.identifiers import citizen
from tests.support.registry_bench import NAMES, NOW, Bench, batch, passage, registry

WHO = Responsible("王工", "weekly file", "test")
TODAY = date(2026, 6, 1)
TOMORROW = TODAY + timedelta(days=1)
DESK = Source("desk")
NUMBER = citizen()
PHONE = "13800138000"
FIRST = [*map(passage, range(3)), passage(9, 999)]
"""Three passages of a tenant, and one of a card that nobody ever had."""
PERSONAL = ("XM", "ZJLX", "ZJHM", "FWDZ", "FWBH", "RZSJ", "RZZT", "LXDH1")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with registry(tmp_path) as ready:
        ready.settings = ready.settings.model_copy(update={"exchange": True})
        ready.services.store.close()
        ready.services = build_services(ready.settings, ready.clock)
        services = ready.services
        with services.store.writing() as uow:
            services.ingest.accept(
                uow, batch([*map(passage, range(3)), passage(9, 999)])
            )
            code = ExternalCode("B1", CodeScheme.HOUSE, "H-1", "list", Validity())
            uow.addresses.add_codes([code], DESK, NOW)
            form = DocumentForm(DocumentKind.CITIZEN, NUMBER)
            services.identity.keep_documents(uow, "P1", [ShownDocument(form)], DESK)
            services.identity.keep_telephones(uow, "P1", [PHONE], DESK)
        yield ready


def exchange(bench: Bench) -> ExchangeService:
    return bench.services.exchange


def enable(bench: Bench, type_: str, *fields: str, codes: tuple[str, ...] = ()) -> None:
    with bench.services.store.writing() as uow:
        for field in fields:
            form = BasisForm(
                type_, field, "law 1", "2026-17", "station", "2026-12-31", "op", codes
            )
            exchange(bench).enable(uow, form, "test")


def run(
    bench: Bench, type_: ExportType, until: date = TOMORROW, *, dry: bool = False
) -> Made:
    with bench.services.store.writing() as uow:
        return exchange(bench).run(uow, type_, TODAY, until, WHO, dry=dry)


def actions(bench: Bench) -> list[str]:
    with bench.services.store.reading() as uow:
        return [entry.action for entry in AuditEntries(uow.session).every()]


def lines(made: Made) -> list[dict[str, str]]:
    name = f"{made.plan.type}.jsonl"
    return [json.loads(line) for line in made.files[name].splitlines()]


def test_it_is_off_until_somebody_turns_it_on(tmp_path: Path) -> None:
    with registry(tmp_path) as bench:
        with pytest.raises(Conflict, match="off"):
            enable(bench, "104", "*")
        with pytest.raises(Conflict, match="off"):
            run(bench, ExportType.EVENTS)
        with bench.services.store.reading() as uow:
            plans = exchange(bench).plans(uow)
        assert all(each.outgoing == () for each in plans)


def test_on_is_not_enough(bench: Bench) -> None:
    for type_ in ExportType:
        with pytest.raises(Conflict):
            run(bench, type_)
    enable(bench, "101", "*")
    with pytest.raises(Conflict, match="XM, MZDM"):
        run(bench, ExportType.OCCUPANTS)
    assert Action.EXCHANGE_DISCLOSED not in actions(bench)


def test_events_go_out_under_stand_ins_and_open_no_name(bench: Bench) -> None:
    enable(bench, "104", "*")
    before = actions(bench)
    made = run(bench, ExportType.EVENTS)
    told = lines(made)
    assert len(told) == 3, "a card nobody held is nobody's event"
    assert {line["XPXLH"] for line in told} == {told[0]["XPXLH"]}
    assert told[0] == {
        "XXZJBH": "door-001",
        "XPXLH": told[0]["XPXLH"],
        "SJLXDM": "1",
        "MDMC": "正门",
        "SKSJ": "20260601120000",
        "FWDZ": "示例路 1 号",
        "FWBH": "H-1",
    }
    content = b"".join(made.files.values())
    for secret in (*NAMES.values(), NUMBER, PHONE, "4001", "B1-0201", "P1"):
        assert secret.encode() not in content, secret
    assert actions(bench) == [*before, Action.EXCHANGE_DISCLOSED]
    assert made.report["alarm"] is None


def test_an_order_names_a_field_and_each_look_is_on_record(bench: Bench) -> None:
    enable(bench, "104", "*", "XM", "ZJHM", "XPXLH")
    told = lines(run(bench, ExportType.EVENTS))
    assert {(line["XM"], line["ZJHM"], line["XPXLH"]) for line in told} == {
        (NAMES["P1"], NUMBER, "4001")
    }
    with bench.services.store.reading() as uow:
        trail = AuditEntries(uow.session).of_subject("party:P1")
    assert {(e.action, e.reason) for e in trail[-2:]} == {
        (action, "weekly file (2026-17)")
        for action in (Action.IDENTITY_REVEALED, Action.DOCUMENTS_REVEALED)
    }


def test_occupants_are_whole_or_refused_and_never_padded(bench: Bench) -> None:
    enable(bench, "101", "*", *PERSONAL, codes=("citizen=111",))
    enable(bench, "101", "MZDM", codes=("unknown=97",))
    made = run(bench, ExportType.OCCUPANTS)
    (line,) = lines(made)
    assert line["XM"] == NAMES["P1"]
    assert (line["ZJLX"], line["ZJHM"], line["MZDM"]) == ("111", NUMBER, "97")
    assert (line["RZSJ"], line["RZZT"]) == ("20260101", "1")
    assert line["FWDZ"] == "示例路 1 号 0201"
    assert line["LXDH1"] == f"+86{PHONE}"
    assert {"XB", "MZ", "CSRQ", "LXDH2", "SFJZDJ", "JZFS"}.isdisjoint(line)
    refused = {(r.row, r.field) for r in made.done.refused}
    assert {field for _, field in refused} == {"ZJLX", "ZJHM", "RZSJ"}
    report = json.loads(made.files["101.report.json"])
    counted = {each["field"]: each["records"] for each in report["outgoing"]}
    assert counted["XM"] == counted["MZDM"] == 1
    withheld = {each["field"] for each in report["withheld"]}
    assert withheld >= {"XB", "MZ", "RKLB", "pictures"}
    rows = list(csv.DictReader(io.StringIO(made.files["101.csv"].decode())))
    assert [row["XM"] for row in rows] == [NAMES["P1"]]
    assert rows[0]["ZJHM"] == NUMBER
    assert rows[0]["MZDM"] == "97"


def test_houses_and_authorisations(bench: Bench) -> None:
    enable(bench, "102", "*")
    enable(bench, "103", "*")
    houses = lines(run(bench, ExportType.HOUSES))
    assert {(line["FWBH"], line["FJBH"]) for line in houses} == {
        ("H-1", "0201"),
        ("H-1", "0101"),
    }
    cards = lines(run(bench, ExportType.AUTHORISATIONS))
    assert {line["XXZJBH"] for line in cards} == {"door-001", "door-002"}
    assert all(re.fullmatch("[0-9]{8}", line["SQRQ"]) for line in cards)
    enable(bench, "104", "*")
    events = lines(run(bench, ExportType.EVENTS))
    assert {e["XPXLH"] for e in events} < {c["XPXLH"] for c in cards}


def test_a_dry_run_says_the_same_and_makes_nothing(bench: Bench) -> None:
    enable(bench, "104", "*")
    made = run(bench, ExportType.EVENTS, dry=True)
    assert (made.files, made.disclosure) == ({}, None)
    assert made.report == run(bench, ExportType.EVENTS).report
    assert actions(bench)[-2:] == [Action.EXCHANGE_TRIED, Action.EXCHANGE_DISCLOSED]


def test_what_went_out_is_on_record_with_its_hash(bench: Bench) -> None:
    enable(bench, "104", "*")
    made = run(bench, ExportType.EVENTS)
    with bench.services.store.reading() as uow:
        (kept,) = uow.exchange.disclosures()
    assert kept.id == made.disclosure
    assert (kept.records, kept.refused, kept.recipient) == (3, 0, "station")
    assert (kept.first, kept.last) == (TODAY, TODAY)
    manifest = made.files["manifest.json"]
    assert kept.manifest == hashlib.sha256(manifest).digest()
    for file in json.loads(manifest)["files"]:
        content = made.files[file["name"]]
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
    assert "refused" not in json.loads(kept.report)


def test_what_was_revoked_or_has_ended_lets_nothing_out(bench: Bench) -> None:
    enable(bench, "104", "*")
    with bench.services.store.writing() as uow:
        (basis,) = uow.exchange.bases()
        exchange(bench).revoke(uow, basis.id, WHO)
    with pytest.raises(Conflict):
        run(bench, ExportType.EVENTS)
    with pytest.raises(NotFound), bench.services.store.writing() as uow:
        exchange(bench).revoke(uow, basis.id, WHO)
    enable(bench, "104", "*")
    bench.now += timedelta(days=300)
    with pytest.raises(Conflict):
        run(bench, ExportType.EVENTS)


def test_many_records_about_persons_are_an_alarm(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    enable(bench, "104", "*", "XM")
    with bench.services.store.writing() as uow:
        more = [passage(n) for n in range(10, 40)]
        bench.services.ingest.accept(uow, batch([*FIRST, *more]))
    assert "33 records" in str(run(bench, ExportType.EVENTS).report["alarm"])
    monkeypatch.setattr(exchange_facts, "MOST_EVENTS", 5)
    with pytest.raises(Invalid):
        run(bench, ExportType.EVENTS)
    with pytest.raises(Invalid):
        run(bench, ExportType.EVENTS, TODAY)


def called(bench: Bench, *words: str) -> Result:
    environment = {"MENHU_DATA": str(bench.settings.data), "MENHU_EXCHANGE": "true"}
    return CliRunner().invoke(program, ["exchange", *words], env=environment)


def test_the_command_enables_reports_and_runs(bench: Bench, tmp_path: Path) -> None:
    said = ("--law", "law 1", "--document", "2026-17", "--recipient", "station")
    enabled = called(bench, "enable", "104", "*", *said, "--until", "2098-01-01")
    assert enabled.exit_code == 0, enabled.output
    report: list[dict[str, Any]] = json.loads(called(bench, "report").stdout)
    tables = {each["table"]: each for each in report}
    assert len(tables["104"]["outgoing"]) == 7
    assert tables["107"]["why_not"]
    out = tmp_path / "out"
    days = ("--from", "2026-06-01", "--until", "2026-06-02", "--reason", "weekly")
    dry = called(bench, "run", "104", *days, "--out", str(out), "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert not out.exists()
    done = called(bench, "run", "104", *days, "--out", str(out))
    assert done.exit_code == 0, done.output
    names = {path.name: path.stat().st_mode & 0o777 for path in out.iterdir()}
    assert set(names) == {"104.csv", "104.jsonl", "104.report.json", "manifest.json"}
    assert set(names.values()) == {0o600}
    again = called(bench, "run", "104", *days, "--out", str(out))
    assert again.exit_code == 2
    wrong = called(bench, "run", "104", "--from", "x", "--until", "", "--reason", "y")
    assert wrong.exit_code == 2
    basis = enabled.stdout.split(":")[0]
    assert called(bench, "revoke", basis, "--reason", "over").exit_code == 0
    assert called(bench, "run", "104", *days, "--out", str(tmp_path / "b")).exit_code
