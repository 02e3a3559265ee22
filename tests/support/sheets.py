"""Sheets made for tests, and the register as it stands, to be compared."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from registry.domain.sheets.jobs import Import
from registry.domain.sheets.kinds import SheetKind
from registry.persistence.vault import IdentityRow
from registry.services.sheets.imports import SheetImports
from registry.services.sheets.sheet_files import Format, headers, write_table
from tests.support.registry_bench import Bench

CLERK = "clerk"
Rows = Sequence[Sequence[str]]


def sheet(kind: SheetKind, rows: Rows, form: Format = Format.CSV) -> bytes:
    """Return a file of a kind with these rows."""
    return file([headers(kind), *rows], form)


def file(table: Iterable[Sequence[str]], form: Format = Format.CSV) -> bytes:
    """Return a file that holds a table."""
    return b"".join(write_table(form, "test", table))


def brought(imports: SheetImports, kind: SheetKind, rows: Rows) -> Import:
    """Import rows to the end; faulty ones are left over."""
    job = imports.read(kind, sheet(kind, rows), CLERK)
    imports.confirm(job.id, CLERK)
    return imports.run(job.id, CLERK)


def undone(imports: SheetImports, job: Import) -> Import:
    """Take an import back to the end."""
    imports.undo(job.id)
    return imports.run(job.id, CLERK)


def places_of_faults(imports: SheetImports, job: Import) -> list[tuple[int, str, str]]:
    """Return the row, letter and column of every fault."""
    rows = imports.faulty(job.id)
    return [(f.row, f.letter, f.column) for row in rows for f in row.faults]


def live(bench: Bench) -> dict[str, Any]:
    """Return everything that holds now: records, cards, permits, who has a name."""
    with bench.services.store.reading() as uow:
        buildings = [building.code for building in uow.houses.buildings()]
        cards = [(c.card, c.party) for c in uow.credentials.every() if not c.ended_at]
        return {
            "units": uow.houses.units(buildings),
            "rights": uow.rights.find(),
            "contracts": uow.contracts.find(),
            "tenancies": uow.tenancies.find(),
            "occupancies": uow.occupancies.find(),
            "cards": sorted(cards),
            "permits": {published.permit for published in uow.permits.every()},
            "named": set(uow.session.scalars(select(IdentityRow.party))),
        }


def imports_of(
    bench: Bench, clock: Callable[[], datetime] | None = None, batch: int = 3
) -> SheetImports:
    """Return the service with batches small enough to see several."""
    services = bench.services
    return SheetImports(
        services.store,
        services.identity,
        services.permits,
        clock or bench.clock,
        batch=batch,
    )
