"""The questions H1 to H15 the register asks of a house."""

from collections.abc import Mapping

from registry.domain.house_rules.cards import H9, H10
from registry.domain.house_rules.doors import H15
from registry.domain.house_rules.filings import H1, H2, H11, H12
from registry.domain.house_rules.keys import H3, H4, H5, H7
from registry.domain.house_rules.people import H6, H8, H14
from registry.domain.house_rules.rule import Rule, RuleId
from registry.domain.house_rules.safety import H13

RULES: Mapping[RuleId, Rule] = {
    rule.id: rule
    for rule in (
        H1,
        H2,
        H3,
        H4,
        H5,
        H6,
        H7,
        H8,
        H9,
        H10,
        H11,
        H12,
        H13,
        H14,
        H15,
    )
}
