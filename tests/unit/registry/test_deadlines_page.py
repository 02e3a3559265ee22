"""The page on deadlines says what the data says."""

from pathlib import Path

from registry.domain.deadlines.exemptions import ALLOWED, Exemption
from registry.domain.policy.history import said
from registry.domain.policy.seeded import meanings, seeded
from registry.domain.policy.value import Jurisdiction, PolicyValue, Verification
from tests.support.policy_values import FIRST_DAY

PAGE = (Path(__file__).parents[3] / "docs/deadlines.md").read_text("utf-8")
LINES = PAGE.splitlines()


def row(value: PolicyValue) -> str:
    off = "" if value.enforced else ", off"
    since = "" if value.valid_from == FIRST_DAY else f" since {value.valid_from}"
    cells = (
        f"`{value.key}`",
        meanings()[value.key],
        f"{said(value)}{off}",
        f"{value.jurisdiction}{since}",
        value.verification,
        value.source,
    )
    return f"| {' | '.join(cells)} |"


def test_the_table_is_what_a_register_starts_with() -> None:
    expected = [row(value) for value in seeded().values]
    start = LINES.index("| Key | What it says | Amount | Whose | Tag | Source |")
    assert LINES[start + 2 : start + 2 + len(expected)] == expected
    assert LINES[start + 2 + len(expected)] == ""


def test_what_must_be_checked_is_listed() -> None:
    cautions = [f"- `{v.key}`: {v.caution}." for v in seeded().values if v.caution]
    start = LINES.index("## Not verified") + 4
    assert LINES[start : start + len(cautions)] == cautions
    assert LINES[start + len(cautions)] == ""


def test_every_code_is_explained() -> None:
    codes = [*Verification, *Jurisdiction, *Exemption, *ALLOWED]
    assert [code for code in codes if f"`{code}`" not in PAGE] == []
