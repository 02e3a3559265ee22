"""Every error as a problem (RFC 9457), and nothing of our insides in it."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from controller.errors import MessageRefused, SignatureRefused
from registry.domain.errors import (
    ChainForked,
    Conflict,
    Fault,
    FieldError,
    Forbidden,
    InstallationFault,
    Invalid,
    NotFound,
    Outdated,
    RegistryError,
    TooSoon,
    Unauthorised,
)

LOG = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
STATUSES: dict[type[Exception], HTTPStatus] = {
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFound: HTTPStatus.NOT_FOUND,
    Forbidden: HTTPStatus.FORBIDDEN,
    Conflict: HTTPStatus.CONFLICT,
    ChainForked: HTTPStatus.CONFLICT,
    Outdated: HTTPStatus.PRECONDITION_FAILED,
    Unauthorised: HTTPStatus.UNAUTHORIZED,
    TooSoon: HTTPStatus.TOO_MANY_REQUESTS,
    SignatureRefused: HTTPStatus.UNAUTHORIZED,
    MessageRefused: HTTPStatus.BAD_REQUEST,
    InstallationFault: HTTPStatus.INTERNAL_SERVER_ERROR,
}
TEXT = {"type": "string"}
DESCRIBED: dict[int | str, dict[str, object]] = {
    codes: {
        "description": f"{whose} (RFC 9457)",
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "type": "object",
                    "required": ["type", "title", "status", "detail"],
                    "properties": {
                        "type": TEXT,
                        "title": TEXT,
                        "status": {"type": "integer"},
                        "detail": TEXT,
                        "errors": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["field", "fault", "message", "remedy"],
                                "properties": {
                                    "field": TEXT,
                                    "fault": {"enum": [fault.value for fault in Fault]},
                                    "message": TEXT,
                                    "remedy": TEXT,
                                },
                            },
                        },
                    },
                }
            }
        },
    }
    for codes, whose in (
        ("4XX", "What is wrong with the request"),
        ("5XX", "What is wrong with the registry"),
    )
}
"""What the API's description says of errors, of every route alike."""
REMEDIES: dict[str, tuple[Fault, str]] = {
    "missing": (Fault.MISSING, "give this field"),
}
MALFORMED = (Fault.MALFORMED, "give a value of the form the API description says")


def problem(
    status: HTTPStatus,
    detail: str,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return a problem as a response."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
    }
    if errors:
        body["errors"] = [
            {
                "field": e.field,
                "fault": e.fault,
                "message": e.message,
                "remedy": e.remedy,
            }
            for e in errors
        ]
    return JSONResponse(body, status, headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Let every error of an application leave as a problem."""
    app.add_exception_handler(RegistryError, _known)
    app.add_exception_handler(MessageRefused, _known)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


async def _known(_request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, Invalid):
        status = STATUSES[Invalid]
        return problem(status, "some fields cannot be accepted", error.fields)
    status = STATUSES.get(type(error), HTTPStatus.BAD_REQUEST)
    return problem(status, str(error), headers=_headers(error))


def _headers(error: Exception) -> dict[str, str] | None:
    if isinstance(error, TooSoon):
        return {"Retry-After": str(error.seconds)}
    if isinstance(error, Unauthorised):
        return {"WWW-Authenticate": "Bearer"}
    return None


async def _validation(_request: Request, error: Exception) -> JSONResponse:
    """Say what is wrong without repeating what was sent: it may be a name."""
    faults = error.errors() if isinstance(error, RequestValidationError) else ()
    errors = [
        FieldError(_path(fault["loc"]), *_words(fault["type"], fault["msg"]))
        for fault in faults
    ]
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return problem(status, "some fields cannot be accepted", errors)


def _words(kind: str, message: str) -> tuple[Fault, str, str]:
    fault, remedy = REMEDIES.get(kind, MALFORMED)
    return fault, message, remedy


def _path(place: Sequence[int | str]) -> str:
    return ".".join(str(step) for step in place[1:]) or str(place[0])


async def _http(_request: Request, error: Exception) -> Response:
    code, headers = HTTPStatus.INTERNAL_SERVER_ERROR.value, None
    if isinstance(error, HTTPException):
        code, headers = error.status_code, error.headers
    if code == HTTPStatus.NOT_MODIFIED:
        return Response(status_code=code, headers=headers)
    status = HTTPStatus(code)
    return problem(status, status.description or status.phrase, headers=headers)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    """Log where it happened, not what with: values may be names."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = (
        "?" if trace is None else f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"
    )
    route = request.scope.get("route")
    path = getattr(route, "path", "?")
    LOG.error("%s in %s while answering %s", type(error).__name__, place, path)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return problem(status, "the registry failed; nothing was changed")
