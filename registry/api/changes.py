"""Changes asked for over HTTP: made once however often they are asked for."""

import hashlib
import re
from collections.abc import Callable
from functools import partial
from typing import Annotated, TypeVar

from fastapi import Depends, Header, Request
from pydantic import BaseModel

from registry.api.access import Caller, Registry
from registry.api.conditions import expect
from registry.domain.errors import Fault, FieldError, Invalid
from registry.domain.principals import Principal
from registry.persistence.access import Answer
from registry.persistence.unit_of_work import UnitOfWork
from registry.services.registry_services import Services

KEY = re.compile(r"[!-~]{1,128}")
M = TypeVar("M", bound=BaseModel)


class Change:
    """One request to change something, by one principal, under a key if it has one."""

    def __init__(
        self,
        registry: Services,
        who: Principal,
        key: str | None,
        request: bytes,
        check: Callable[[UnitOfWork], None] = lambda _: None,
    ) -> None:
        """Take the SHA-256 of the request: the same key must mean the same request.

        `check` looks at the register before anything is done.
        """
        self._registry = registry
        self.who = who
        self._key = key
        self._request = request
        self._check = check

    def make(self, kind: type[M], action: Callable[[UnitOfWork], M]) -> M:
        """Do it in one transaction and return the answer, or the answer it had before.

        The answer is kept in the same transaction: after a lost reply the caller asks
        again with the same Idempotency-Key and nothing is done twice.
        """
        with self._registry.store.writing() as uow:
            if self._key is None:
                self._check(uow)
                return action(uow)
            known = uow.access.answer(self.who.name, self._key)
            if known is None:
                self._check(uow)
                done = action(uow)
                kept = Answer(self._request, done.model_dump_json())
                uow.access.keep(self.who.name, self._key, kept, self._registry.clock())
                return done
        if known.request != self._request:
            raise Invalid([_REUSED])
        return kind.model_validate_json(known.answer)


_REUSED = FieldError(
    "Idempotency-Key",
    Fault.TAKEN,
    "another request was made under this key",
    "choose a new key for each change",
)


async def _change(
    request: Request,
    registry: Registry,
    who: Caller,
    key: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
) -> Change:
    if key is not None and not KEY.fullmatch(key):
        raise Invalid(
            [
                FieldError(
                    "Idempotency-Key",
                    Fault.MALFORMED,
                    "a key is 1 to 128 printable ASCII characters",
                    "send a fresh UUID with each change",
                )
            ]
        )
    body = await request.body()
    said = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    digest = hashlib.sha256(said + body).digest()
    return Change(registry, who, key, digest, partial(expect, request=request))


Changing = Annotated[Change, Depends(_change)]
