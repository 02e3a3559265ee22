"""What every column of text or bytes may say of a person: one table for all of them.

A column that is not here fails the tests, and so does one that is called after what
the register must not know. Words of an enumeration and references to other rows are
classified by themselves.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from sqlalchemy import Column, LargeBinary, MetaData, String
from sqlalchemy.types import TypeDecorator, TypeEngine

from registry.persistence.rows import Choice, Choices


class Kind(StrEnum):
    """How near to a person a column is."""

    NONE = "none"
    """Places, hardware, law, keys of machines and digests of files."""
    PSEUDONYM = "pseudonym"
    """An opaque reference to a person or to what is about one."""
    SEALED = "sealed"
    """A name, a number or a secret of a person, that the database alone cannot read."""
    STAFF = "staff"
    """Who acted for the street, or the token or party they acted by."""
    FREE_TEXT = "free_text"
    """Written by people, with a bound on its length: reasons, notes, findings."""


COMMON: Mapping[str, Kind] = {
    "actor": Kind.STAFF,
    "reason": Kind.FREE_TEXT,
    "source": Kind.FREE_TEXT,
    "gateway": Kind.NONE,
    "controller": Kind.NONE,
    "door": Kind.NONE,
    "place": Kind.NONE,
    "unit": Kind.NONE,
    "code": Kind.NONE,
    "digest": Kind.NONE,
}
"""What columns of these names are in whatever table."""
PERSONAL: Mapping[Kind, str] = {
    Kind.SEALED: """
        access_tokens.digest card_pins.salt card_pins.verifier card_pins.duress
        identities.name identity_documents.number identity_documents.blind_index
        telephones.number
    """,
    Kind.PSEUDONYM: """
        answers.answer answers.request audit_entries.subject contract_versions.evidence
        entities.id external_filing_versions.receipt filing_versions.number
        identity_documents.id identity_documents.issuing_state merge_cases.id parties.id
        passages.party right_versions.evidence telephones.id visit_versions.evidence
    """,
    Kind.STAFF: """
        address_correction_steps.by address_corrections.reported_by
        alarms.acknowledged_by commissioning.operator commissioning.signed
        door_rules.changed_by exchange_bases.enabled_by merge_cases.closed_by
        orders.ordered_by policy_values.recorded_by visit_versions.assignee
        visit_versions.closed_by
    """,
    Kind.FREE_TEXT: """
        address_aliases.text address_aliases.key address_corrections.wrong
        address_corrections.right alarms.note disclosures.recipient
        exchange_bases.document exchange_bases.law exchange_bases.recipient
        external_codes.value external_filing_versions.office
    """,
}
"""The columns that are, or may be, about somebody."""
IMPERSONAL = """
    access_tokens.id address_corrections.id alarms.kind answers.key areas.kind
    areas.name audit_entries.action audit_entries.hash buildings.address buildings.name
    commissioning.firmware commissioning.identity commissioning.passed controllers.id
    controllers.protocol disclosures.id disclosures.manifest disclosures.report
    door_rules.rules doors.id doors.name entities.kind exchange_bases.codes
    exchange_bases.field exchange_bases.id forks.expected forks.offered
    gateway_records.chain gateways.id gateways.name gateways.public_key
    gateways.software grant_versions.doors holes.line identities.key
    identity_documents.key orders.nonce orders.outcome passages.card_state
    passages.direction policy_values.jurisdiction policy_values.key
    policy_values.verification rooms.name rule_books.days special_days.kind
    telephones.key units.number units.use
"""
"""The columns that are about nobody."""
TABLE: Mapping[str, Kind] = {
    column: kind
    for kind, columns in {**PERSONAL, Kind.NONE: IMPERSONAL}.items()
    for column in columns.split()
}
FORBIDDEN_WORDS = """
    ethnic ethnicity nation nationality race religion religious faith health disease
    illness disability medical politics political membership sex gender orientation
    special class classes watchlist suspect face faces facial biometric biometrics
    fingerprint iris voice photo picture score scores scoring rating credit reputation
    risk birth birthday age marital criminal
"""
FORBIDDEN = frozenset(FORBIDDEN_WORDS.split())
"""What the register must not know of anybody, as words that names are made of."""


def faults(metadata: MetaData) -> Iterator[str]:
    """Yield what is wrong with the columns of a schema, each with the remedy."""
    seen = set()
    for table in metadata.sorted_tables:
        for column in table.columns:
            name = f"{table.name}.{column.name}"
            seen.add(name)
            if words := FORBIDDEN & set(column.name.lower().split("_")):
                yield f"{name}: the register must not know this ({', '.join(words)})"
            elif kind_of(column) is None:
                yield (
                    f"{name}: say in registry/persistence/classification.py what it "
                    f"may say of a person ({', '.join(Kind)}); names and numbers of "
                    "persons belong into the vault, sealed"
                )
            elif kind_of(column) is Kind.SEALED and not _of_bytes(column.type):
                yield f"{name}: what is sealed is bytes"
    for name in sorted(TABLE.keys() - seen):
        yield f"{name}: there is no such column: take it out of the classification"


def kind_of(column: Column[object]) -> Kind | None:
    """Return what a column is; None where nobody has said it yet."""
    said = TABLE.get(f"{column.table.name}.{column.name}")
    if said is not None:
        return said
    targets = {key.column.table.name for key in column.foreign_keys}
    if targets:
        return Kind.PSEUDONYM if targets & {"parties", "entities"} else Kind.NONE
    if isinstance(column.type, Choice | Choices) or not _readable(column.type):
        return Kind.NONE
    return COMMON.get(column.name)


def _readable(kind: TypeEngine[object]) -> bool:
    """Say whether a type holds text or bytes."""
    return isinstance(_plain(kind), String | LargeBinary)


def _of_bytes(kind: TypeEngine[object]) -> bool:
    return isinstance(_plain(kind), LargeBinary)


def _plain(kind: TypeEngine[object]) -> TypeEngine[object]:
    return kind.impl_instance if isinstance(kind, TypeDecorator) else kind
