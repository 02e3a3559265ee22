"""A sheet of 2,000 rows, 50 of them faulty: the acceptance run made smaller."""

from contextlib import nullcontext
from pathlib import Path

from registry.domain.sheets.jobs import RowState
from tests.support.bulk_sheet import add_units, bulk, go_through
from tests.support.registry_bench import registry


def test_two_thousand_rows_with_fifty_faults_from_end_to_end(tmp_path: Path) -> None:
    with registry(tmp_path) as bench:
        add_units(bench, 2000)
        heard = go_through(bench, bulk(2000, 50), nullcontext)
    applied = [job.count(RowState.APPLIED) for job in heard]
    assert applied[:4] == [500, 1000, 1500, 1950], "progress is told batch by batch"
    assert applied[-5:] == [1500, 1000, 500, 0, 0]
