"""Numbers of documents: one reader for each kind, none of which looks anything up."""

from collections.abc import Mapping

from registry.domain.identifiers.citizen import read_citizen, read_residence_permit
from registry.domain.identifiers.credit_code import read_credit_code
from registry.domain.identifiers.kinds import (
    DocumentForm,
    DocumentKind,
    Reader,
    Reading,
    Terms,
)
from registry.domain.identifiers.no_document import read_no_document
from registry.domain.identifiers.passport import read_foreign_passport, read_passport
from registry.domain.identifiers.permanent_resident import read_permanent_resident
from registry.domain.identifiers.travel_permits import (
    read_hk_mo_travel,
    read_taiwan_travel,
)

KINDS: Mapping[DocumentKind, Reader] = {
    DocumentKind.CITIZEN: read_citizen,
    DocumentKind.RESIDENCE_PERMIT: read_residence_permit,
    DocumentKind.PERMANENT_RESIDENT: read_permanent_resident,
    DocumentKind.HK_MO_TRAVEL: read_hk_mo_travel,
    DocumentKind.TAIWAN_TRAVEL: read_taiwan_travel,
    DocumentKind.PASSPORT: read_passport,
    DocumentKind.FOREIGN_PASSPORT: read_foreign_passport,
    DocumentKind.ORGANISATION: read_credit_code,
    DocumentKind.NO_DOCUMENT: read_no_document,
}


def read_document(form: DocumentForm, terms: Terms) -> Reading:
    """Read a document as typed; every fault at once."""
    return KINDS[form.kind](form, terms)
