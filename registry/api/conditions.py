"""Versions as entity tags: read again only what changed, change only what was read."""

from fastapi import HTTPException, Request, Response

from registry.domain.errors import Outdated


def tag(version: int) -> str:
    """Return the entity tag of a version."""
    return f'"{version}"'


def show(request: Request, response: Response, version: int) -> None:
    """Tell the version of what is read; 304 to whom has read it already."""
    response.headers["ETag"] = tag(version)
    if tag(version) in _tags(request, "If-None-Match"):
        raise HTTPException(304, headers={"ETag": tag(version)})


def expect(request: Request, version: int) -> None:
    """Refuse a change of what was read in another version."""
    wanted = _tags(request, "If-Match")
    if wanted and "*" not in wanted and tag(version) not in wanted:
        raise Outdated


def _tags(request: Request, header: str) -> set[str]:
    said = request.headers.get(header, "")
    return {part.strip().removeprefix("W/") for part in said.split(",") if part.strip()}
