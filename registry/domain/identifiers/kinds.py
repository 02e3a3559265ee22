"""What a document is, what a desk types of it, and what reading it yields."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from registry.domain.errors import FieldError
from registry.domain.identifiers.masking import masked


class DocumentKind(StrEnum):
    """The documents a person or an organisation may show."""

    CITIZEN = "citizen"
    RESIDENCE_PERMIT = "hk_mo_tw_residence_permit"
    PERMANENT_RESIDENT = "foreign_permanent_resident"
    HK_MO_TRAVEL = "hk_mo_travel_permit"
    TAIWAN_TRAVEL = "taiwan_travel_permit"
    PASSPORT = "prc_passport"
    FOREIGN_PASSPORT = "foreign_passport"
    ORGANISATION = "unified_social_credit_code"
    NO_DOCUMENT = "no_document"


class Doubt(StrEnum):
    """What is odd about a number that is accepted all the same."""

    AREA_UNKNOWN = "area_unknown"
    FORMAT_UNVERIFIED = "format_unverified"
    OTHER_KIND = "other_kind"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


class Verification(StrEnum):
    """How far a document has been looked at, weakest first.

    Reading a number reaches `format_ok` at most: a fitting check character does not
    prove that the document exists.
    """

    UNVERIFIED = "unverified"
    FORMAT_OK = "format_ok"
    DOCUMENT_SEEN = "document_seen"
    READER_READ = "reader_read"
    AUTHORITY_MATCHED = "authority_matched"

    def reaches(self, level: "Verification") -> bool:
        """Say whether this is as strong as a level, or stronger."""
        order = list(Verification)
        return order.index(self) >= order.index(level)


@dataclass(frozen=True, slots=True)
class DocumentForm:
    """A document as somebody typed it.

    `issuing_state` is asked of a foreign passport, `reason` and `until` (an ISO date)
    of a person without a document. `legacy` is for old files only: it lets citizen
    numbers of 15 digits pass.
    """

    kind: DocumentKind
    number: str = field(default="", repr=False)
    issuing_state: str = ""
    reason: str = ""
    until: str = ""
    legacy: bool = False


@dataclass(frozen=True, slots=True)
class Identifier:
    """A number as read: normalised, and never shown by accident.

    `lifelong` is the part that stays when the document is replaced, where it is not
    the whole number; compare persons by `key`.
    """

    kind: DocumentKind
    number: str = field(repr=False)
    issuing_state: str | None = None
    expires: date | None = None
    doubts: tuple[Doubt, ...] = ()
    lifelong: str | None = field(default=None, repr=False)

    @property
    def key(self) -> str:
        """What to look the holder up by, within the kind and the issuing state."""
        return self.lifelong or self.number

    @property
    def masked(self) -> str:
        """The number as it may be shown."""
        return masked(self.number)

    @property
    def verification(self) -> Verification:
        """What reading alone has shown."""
        if Doubt.FORMAT_UNVERIFIED in self.doubts:
            return Verification.UNVERIFIED
        return Verification.FORMAT_OK


class Absence(StrEnum):
    """Why somebody has no document to show."""

    NEWBORN = "newborn"
    LOST = "lost"
    BEING_REPLACED = "being_replaced"
    NEVER_ISSUED = "never_issued"


@dataclass(frozen=True, slots=True)
class NoDocument:
    """A person registered without a document, until and not including a day."""

    reason: Absence
    until: date


@dataclass(frozen=True, slots=True)
class Terms:
    """What a document is held against: the day, and the policy of exceptions."""

    today: date
    longest_exception: timedelta


Reading = Identifier | NoDocument | list[FieldError]
Reader = Callable[[DocumentForm, Terms], Reading]
