"""Whether the process lives, is ready, and which version it is."""

from http import HTTPStatus
from importlib.metadata import version

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from registry.api.access import Registry
from registry.api.problems import problem

router = APIRouter(tags=["health"])


@router.get("/livez", summary="Say that the process lives")
def livez() -> dict[str, str]:
    """Answer at all."""
    return {"status": "alive"}


@router.get(
    "/readyz", summary="Say whether requests can be served", response_model=None
)
def readyz(registry: Registry) -> Response:
    """Answer from the database."""
    try:
        with registry.store.reading() as uow:
            revision = uow.permits.revision()
    except SQLAlchemyError:
        status = HTTPStatus.SERVICE_UNAVAILABLE
        return problem(status, "the database does not answer")
    return JSONResponse({"status": "ready", "revision": revision})


@router.get("/version", summary="Say which version this is")
def version_of() -> dict[str, str]:
    """Name the product and its version."""
    return {"product": "menhu", "version": version("menhu")}
