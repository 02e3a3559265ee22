"""Whatever is asked: no failure of ours, and every answer is as it is described."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.registry_bench import Bench, registry

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 4
PARTS = 3


@schemathesis.serializer("application/cose")
def as_it_is(_: Any, value: Any) -> bytes:  # noqa: ANN401 - whatever was generated
    """Send what was generated: no signature of it holds."""
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with registry(tmp_path_factory.mktemp("any")) as ready:
        yield ready


@pytest.mark.parametrize("part", range(PARTS))
def test_any_request_is_answered_as_described(bench: Bench, part: int) -> None:
    with bench.client() as client:
        schema = schemathesis.openapi.from_url(f"{client.base_url}/openapi.json")
        operations = [
            found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)
        ]
        assert len(operations) > 30
        for operation in operations[part::PARTS]:
            cases = operation.as_strategy()

            @seed(1)
            @settings(
                max_examples=EXAMPLES,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            )
            @given(case=cases)
            def ask(case: schemathesis.Case[Any]) -> None:
                case.call_and_validate(checks=CHECKS)

            ask()
