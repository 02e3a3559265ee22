"""Versions as entity tags: read again only what changed, change only what was read.

A record kept in versions is read at `/api/{kind}/{id}` and changed below it; its tag
is the number of its latest version.
"""

from fastapi import HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool

from registry.api.access import Registry
from registry.domain.errors import Outdated
from registry.persistence.unit_of_work import UnitOfWork

VERSIONED = {
    "occupancies": "occupancies",
    "tenancies": "tenancies",
    "filings": "filings",
    "rights": "rights",
    "delegations": "delegations",
    "contracts": "contracts",
    "external-filings": "external_filings",
    "grants": "grants",
    "visits": "visits",
}
"""The ledger of each kind of record, by the name it has in addresses."""


async def tagged(request: Request, response: Response, registry: Registry) -> None:
    """Tell the version of a record that is read; 304 to whom has read it already.

    Every request passes here: only one for such a record leaves the event loop.
    """
    kind, *rest = _place(request) or [""]
    if request.method != "GET" or kind not in VERSIONED or len(rest) != 1:
        return

    def look() -> str | None:
        with registry.store.reading() as uow:
            return current(uow, request)

    tag = await run_in_threadpool(look)
    if tag is None:
        return
    response.headers["ETag"] = tag
    if tag in _tags(request, "If-None-Match"):
        raise HTTPException(304, headers={"ETag": tag})


def expect(uow: UnitOfWork, request: Request) -> None:
    """Refuse to change a record that was read in another version."""
    wanted = _tags(request, "If-Match")
    if wanted and "*" not in wanted and current(uow, request) not in wanted:
        raise Outdated


def current(uow: UnitOfWork, request: Request) -> str | None:
    """Return the tag of the record an address names, if it names one."""
    kind, *rest = _place(request) or [""]
    if kind not in VERSIONED or not rest:
        return None
    version = getattr(uow, VERSIONED[kind]).version(rest[0])
    return None if version is None else f'"{version}"'


def _place(request: Request) -> list[str]:
    _, root, *place = request.url.path.split("/")
    return place if root == "api" else []


def _tags(request: Request, header: str) -> set[str]:
    said = request.headers.get(header, "")
    return {part.strip().removeprefix("W/") for part in said.split(",") if part.strip()}
