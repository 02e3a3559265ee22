"""Importing sheets: sent, looked at, confirmed, corrected, taken back."""

import logging
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, HTTPException, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import SQLAlchemyError

from registry.api.access import Caller, Registry
from registry.domain.errors import RegistryError
from registry.domain.sheets.faults import CellFault
from registry.domain.sheets.jobs import Import, ImportState, RowState
from registry.domain.sheets.kinds import SheetKind
from registry.services.registry_services import Services
from registry.services.sheets.sheet_files import MEDIA_TYPES, Format, write_table

LOG = logging.getLogger(__name__)
SHOWN = 100
"""Faulty rows whose faults are among an answer; a file has them all."""
MOST_LISTED = 50
BINARY = {"schema": {"type": "string", "format": "binary"}}
MEDIA = {MEDIA_TYPES[Format.XLSX]: BINARY, "text/csv": BINARY}
SENT = {"requestBody": {"required": True, "content": MEDIA}}
CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": BINARY}}}
XLSX: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPES[Format.XLSX]: BINARY}}
}
MOVING = frozenset({ImportState.APPLYING, ImportState.UNDOING})

router = APIRouter(prefix="/api/imports", tags=["sheets"])


class GoBody(BaseModel):
    """Nothing more to say: an empty object."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """How far an import is: its rows by state, and the faults of the first faulty."""

    id: str
    kind: SheetKind
    state: ImportState
    started_at: datetime
    changed_at: datetime
    rows: int
    ready: int
    faulty: int
    applied: int
    undone: int
    faults: tuple[CellFault, ...]


@router.post(
    "",
    summary="Send a sheet to be checked",
    status_code=HTTPStatus.CREATED,
    openapi_extra=SENT,
)
async def send(
    request: Request,
    registry: Registry,
    who: Caller,
    kind: Annotated[SheetKind, Query(description="What the rows are.")],
) -> ImportRecord:
    """Check an XLSX or CSV file row by row; nothing is recorded until confirmed."""
    data = await _body(request)
    imports = registry.sheet_imports
    job = await run_in_threadpool(imports.read, kind, data, who.name)
    return await run_in_threadpool(_shown, registry, job)


@router.get("", summary="List the latest imports")
def latest(registry: Registry) -> list[ImportRecord]:
    """Return the latest imports, the newest first, without their faults."""
    return [_record(job) for job in registry.sheet_imports.newest(MOST_LISTED)]


@router.get("/{job}", summary="Show how far an import is")
def show(registry: Registry, job: str) -> ImportRecord:
    """Return the rows by state and the first faults."""
    return _shown(registry, registry.sheet_imports.get(job))


@router.post(
    "/{job}/confirm",
    summary="Record the rows of an import",
    status_code=HTTPStatus.ACCEPTED,
)
def confirm(
    registry: Registry, who: Caller, job: str, _body: GoBody, later: BackgroundTasks
) -> ImportRecord:
    """Begin to record the rows that are not faulty; ask how far it is."""
    return _go_on(
        registry, who.name, later, registry.sheet_imports.confirm(job, who.name)
    )


@router.post(
    "/{job}/resume",
    summary="Go on with an import that was stopped",
    status_code=HTTPStatus.ACCEPTED,
)
def resume(
    registry: Registry, who: Caller, job: str, _body: GoBody, later: BackgroundTasks
) -> ImportRecord:
    """Go on from where a killed process left it; harmless while it is going on."""
    return _go_on(registry, who.name, later, registry.sheet_imports.get(job))


@router.post(
    "/{job}/undo",
    summary="Take an import back",
    status_code=HTTPStatus.ACCEPTED,
)
def undo(
    registry: Registry, who: Caller, job: str, _body: GoBody, later: BackgroundTasks
) -> ImportRecord:
    """Begin to take back all it recorded, unless some of it was changed since."""
    return _go_on(registry, who.name, later, registry.sheet_imports.undo(job))


@router.put(
    "/{job}/faults",
    summary="Send faulty rows corrected",
    status_code=HTTPStatus.ACCEPTED,
    openapi_extra=SENT,
)
async def correct(
    request: Request, registry: Registry, who: Caller, job: str, later: BackgroundTasks
) -> ImportRecord:
    """Take corrected rows in place of faulty ones; a confirmed import goes on."""
    data = await _body(request)
    imports = registry.sheet_imports
    changed = await run_in_threadpool(imports.correct, job, data, who.name)
    return await run_in_threadpool(_go_on, registry, who.name, later, changed)


@router.get(
    "/{job}/faults.csv",
    summary="Get the faulty rows as CSV",
    response_class=Response,
    responses=CSV,
)
def faults_csv(registry: Registry, job: str) -> Response:
    """Return faulty rows with problem and remedy; names are left out."""
    return _faults(registry, job, Format.CSV)


@router.get(
    "/{job}/faults.xlsx",
    summary="Get the faulty rows as XLSX",
    response_class=Response,
    responses=XLSX,
)
def faults_xlsx(registry: Registry, job: str) -> Response:
    """Return faulty rows with problem and remedy; names are left out."""
    return _faults(registry, job, Format.XLSX)


@router.delete("/{job}", summary="Give up the rows that are not on record")
def discard(registry: Registry, who: Caller, job: str) -> ImportRecord:
    """Forget what the file said; what is on record stays."""
    return _record(registry.sheet_imports.discard(job, who.name))


def attached(title: str, form: Format) -> dict[str, str]:
    """Return the headers of a file to be kept."""
    return {"Content-Disposition": f'attachment; filename="{title}.{form}"'}


def _faults(registry: Services, job: str, form: Format) -> Response:
    table = registry.sheet_imports.fault_table(job)
    content = b"".join(write_table(form, "faults", table))
    headers = attached(f"{job}-faults", form)
    return Response(content, media_type=MEDIA_TYPES[form], headers=headers)


async def _body(request: Request) -> bytes:
    """Read a sheet; its kind must be one that no form of another site can send."""
    media = request.headers.get("content-type", "").partition(";")[0].strip()
    if media.casefold() not in MEDIA:
        message = f"send one of {', '.join(MEDIA)}"
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, message)
    return await request.body()


def _go_on(
    registry: Services, actor: str, later: BackgroundTasks, job: Import
) -> ImportRecord:
    """Answer how far an import is, and let it go on afterwards."""
    if job.state in MOVING:
        later.add_task(_run, registry, job.id, actor)
    return _record(job)


def _run(registry: Services, job: str, actor: str) -> None:
    try:
        registry.sheet_imports.run(job, actor)
    except (RegistryError, SQLAlchemyError) as error:
        # Asked again, it goes on or says what is in the way.
        LOG.warning("import %s stopped: %s", job, type(error).__name__)


def _shown(registry: Services, job: Import) -> ImportRecord:
    faulty = registry.sheet_imports.faulty(job.id, SHOWN)
    return _record(job, tuple(fault for row in faulty for fault in row.faults))


def _record(job: Import, faults: tuple[CellFault, ...] = ()) -> ImportRecord:
    return ImportRecord(
        job.id,
        job.kind,
        job.state,
        job.started_at,
        job.changed_at,
        job.rows,
        job.count(RowState.READY),
        job.count(RowState.FAULTY),
        job.count(RowState.APPLIED),
        job.count(RowState.UNDONE),
        faults,
    )
