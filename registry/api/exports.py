"""The register as sheets, and empty sheets to begin with; no names."""

from collections.abc import Iterator

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from registry.api.access import Caller, Registry
from registry.api.imports import CSV, XLSX, attached
from registry.domain.principals import Principal
from registry.domain.sheets.kinds import SheetKind
from registry.services.registry_services import Services
from registry.services.sheets.sheet_files import (
    MEDIA_TYPES,
    Format,
    template,
    write_table,
)

router = APIRouter(prefix="/api", tags=["sheets"])


@router.get(
    "/exports/{kind}.csv",
    summary="Get the register as CSV",
    response_class=Response,
    responses=CSV,
)
def export_csv(registry: Registry, who: Caller, kind: SheetKind) -> Response:
    """Return a sheet that can be imported again; names are left out."""
    return _exported(registry, who, kind, Format.CSV)


@router.get(
    "/exports/{kind}.xlsx",
    summary="Get the register as XLSX",
    response_class=Response,
    responses=XLSX,
)
def export_xlsx(registry: Registry, who: Caller, kind: SheetKind) -> Response:
    """Return a sheet that can be imported again; names are left out."""
    return _exported(registry, who, kind, Format.XLSX)


@router.get(
    "/templates/{kind}.xlsx",
    summary="Get an empty sheet",
    response_class=Response,
    responses=XLSX,
)
def empty_sheet(kind: SheetKind) -> Response:
    """Return a sheet with headers, an example and an explanation of every column."""
    return Response(
        template(kind),
        media_type=MEDIA_TYPES[Format.XLSX],
        headers=attached(kind.value, Format.XLSX),
    )


def _exported(
    registry: Services, who: Principal, kind: SheetKind, form: Format
) -> Response:
    with registry.store.writing() as uow:
        registry.sheet_exports.begin(uow, kind, who.name)
    return StreamingResponse(
        _pieces(registry, kind, form),
        media_type=MEDIA_TYPES[form],
        headers=attached(kind.value, form),
    )


def _pieces(registry: Services, kind: SheetKind, form: Format) -> Iterator[bytes]:
    with registry.store.reading() as uow:
        table = registry.sheet_exports.table(uow, kind)
        yield from write_table(form, kind.value, table)
