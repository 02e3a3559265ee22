"""The audit trail: every entry carries the hash of everything before it."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from controller.cbor import microseconds, pack
from registry.persistence.audit_entries import AuditEntries, AuditEntry
from registry.persistence.unit_of_work import UnitOfWork

START = bytes(32)
"""What the first entry is chained to."""


class Action(StrEnum):
    """What was done."""

    IDENTITY_SEEN = "identity_seen"
    IDENTITY_REVEALED = "identity_revealed"
    DOCUMENTS_SEEN = "documents_seen"
    DOCUMENTS_REVEALED = "documents_revealed"
    DOCUMENTS_RECORDED = "documents_recorded"
    TELEPHONES_RECORDED = "telephones_recorded"
    MERGE_CASE_OPENED = "merge_case_opened"
    MERGE_CASE_CLOSED = "merge_case_closed"
    PLACE_CODED = "place_coded"
    PLACE_NAMED = "place_named"
    BUILDING_MOVED = "building_moved"
    ADDRESS_REPORTED = "address_reported"
    ADDRESS_DECIDED = "address_decided"
    ADDRESS_CORRECTED = "address_corrected"
    EXCHANGE_ENABLED = "exchange_enabled"
    EXCHANGE_REVOKED = "exchange_revoked"
    EXCHANGE_TRIED = "exchange_tried"
    EXCHANGE_DISCLOSED = "exchange_disclosed"
    TENANCY_RECORDED = "tenancy_recorded"
    TENANCY_ENDED = "tenancy_ended"
    CARD_ISSUED = "card_issued"
    CARD_ENDED = "card_ended"
    CARD_CHANGED = "card_changed"
    TENANCY_RENEWED = "tenancy_renewed"
    TENANCY_HELD_OVER = "tenancy_held_over"
    STAY_DECLARED = "stay_declared"
    STAY_CHANGED = "stay_changed"
    GRANT_GIVEN = "grant_given"
    GRANT_REVOKED = "grant_revoked"
    VISIT_OPENED = "visit_opened"
    VISIT_CHANGED = "visit_changed"
    GATEWAY_ENROLLED = "gateway_enrolled"
    RECORD_FORKED = "record_forked"
    ALARM_ACKNOWLEDGED = "alarm_acknowledged"
    ALARMS_FORGOTTEN = "alarms_forgotten"
    DOOR_RULES_CHANGED = "door_rules_changed"
    CALENDAR_CHANGED = "calendar_changed"
    POLICY_CHANGED = "policy_changed"
    PIN_SET = "pin_set"
    PIN_REMOVED = "pin_removed"
    DOOR_OPEN_ORDERED = "door_open_ordered"
    READER_COMMISSIONED = "reader_commissioned"
    TOKEN_ISSUED = "token_issued"  # noqa: S105 - the name of a deed
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - the same
    CASE_CHANGED = "case_changed"
    HOUSE_RULE_SWITCHED = "house_rule_switched"
    FILING_DRAFTED = "filing_drafted"
    FILING_CORRECTED = "filing_corrected"
    FILING_SUBMITTED = "filing_submitted"
    FILING_SENT_BACK = "filing_sent_back"
    FILING_ACCEPTED = "filing_accepted"
    FILING_RENEWAL_NEARED = "filing_renewal_neared"
    FILING_RENEWED = "filing_renewed"
    FILING_LAPSED = "filing_lapsed"
    FILING_SUSPENDED = "filing_suspended"
    FILING_RESTORED = "filing_restored"
    FILING_WITHDRAWN = "filing_withdrawn"
    FILING_TRANSFERRED = "filing_transferred"
    RIGHT_RECORDED = "right_recorded"
    RIGHT_ENDED = "right_ended"
    DELEGATION_GRANTED = "delegation_granted"
    DELEGATION_REVOKED = "delegation_revoked"
    CONTRACT_RECORDED = "contract_recorded"
    ELSEWHERE_RECORDED = "elsewhere_recorded"
    ELSEWHERE_FELL_DUE = "elsewhere_fell_due"
    ELSEWHERE_DUE_DAY_PASSED = "elsewhere_due_day_passed"
    ELSEWHERE_SUBMITTED = "elsewhere_submitted"
    ELSEWHERE_GRANTED = "elsewhere_granted"
    ELSEWHERE_REFUSED = "elsewhere_refused"
    ELSEWHERE_EXEMPTED = "elsewhere_exempted"
    ELSEWHERE_NO_LONGER_EXEMPT = "elsewhere_no_longer_exempt"
    STREET_IMPORTED = "street_imported"
    SHEET_READ = "sheet_read"
    SHEET_CORRECTED = "sheet_corrected"
    SHEET_CONFIRMED = "sheet_confirmed"
    SHEET_APPLIED = "sheet_applied"
    SHEET_UNDONE = "sheet_undone"
    SHEET_DISCARDED = "sheet_discarded"
    SHEET_EXPORTED = "sheet_exported"


EXAMPLE = "example"
"""The reason a street of invented records is imported for."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Who did what to which record and why; `subject` is a reference, no name."""

    actor: str
    action: Action
    subject: str
    reason: str | None = None


def record(uow: UnitOfWork, deeds: Sequence[Deed], now: datetime) -> None:
    """Append deeds in the transaction they happen in."""
    if not deeds:
        return
    entries = AuditEntries(uow.session)
    last = entries.last()
    number, link = (0, START) if last is None else (last.number, last.hash)
    fresh = []
    for deed in deeds:
        number += 1
        entry = AuditEntry(
            number, now, deed.actor, deed.action, deed.subject, deed.reason, link
        )
        link = _hash(link, entry)
        fresh.append(replace(entry, hash=link))
    entries.append(fresh)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many entries hold, and the number of the first that does not."""

    entries: int
    head: bytes
    broken: int | None


def verify(uow: UnitOfWork) -> Verdict:
    """Check the whole chain."""
    return check(AuditEntries(uow.session).every())


def check(entries: Iterable[AuditEntry]) -> Verdict:
    """Check a chain from its first entry on."""
    link, count = START, 0
    for entry in entries:
        if entry.number != count + 1 or entry.hash != _hash(link, entry):
            return Verdict(count, link, count + 1)
        link, count = entry.hash, entry.number
    return Verdict(count, link, None)


def _hash(link: bytes, entry: AuditEntry) -> bytes:
    """Return the hash of everything before an entry and of what it says."""
    row = [
        entry.number,
        microseconds(entry.at),
        entry.actor,
        entry.action,
        entry.subject,
        entry.reason,
    ]
    return hashlib.sha256(link + pack(row)).digest()
