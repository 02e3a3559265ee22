from hypothesis import given
from hypothesis import strategies as st

from registry.domain.house import BuildingMatrix, UnitCell, UnitState
from registry.domain.places import Area, AreaKind, Building, Unit, UnitUse
from registry.web import matrix
from registry.web.words import UNIT_STATES


def building(floors: dict[int, dict[str, UnitState]]) -> BuildingMatrix:
    rows = tuple(
        (
            floor,
            tuple(
                UnitCell(Unit(f"B-{n}", "B", n, floor, UnitUse.RENTAL), state, 2, None)
                for n, state in row.items()
            ),
        )
        for floor, row in floors.items()
    )
    return BuildingMatrix(
        Building("B", "G", "楼", "路", len(rows)),
        Area("G", AreaKind.GRID, "网格"),
        Area("C", AreaKind.COMMUNITY, "社区"),
        rows,
        (),
    )


def test_units_stand_in_columns_by_their_last_digits() -> None:
    drawn = matrix.draw(
        building(
            {
                2: {"0201": UnitState.OWNER, "0203": UnitState.VACANT},
                1: {"0104": UnitState.SHOP},
            }
        )
    )
    assert drawn.columns == ("01", "03", "04")
    upper, lower = drawn.floors
    assert [(s.span, s.cell and s.cell.unit.number) for s in upper.slots] == [
        (1, "0201"),
        (1, "0203"),
        (1, None),
    ]
    assert [(s.span, s.cell and s.cell.unit.number) for s in lower.slots] == [
        (2, None),
        (1, "0104"),
    ]
    assert lower.slots[0].badge is None
    assert lower.slots[1].badge is UNIT_STATES[UnitState.SHOP]
    assert upper.slots[0].badge is UNIT_STATES[UnitState.OWNER]


def test_units_that_share_their_last_digits_are_counted() -> None:
    drawn = matrix.draw(
        building(
            {
                1: {"A-01": UnitState.OWNER, "B-01": UnitState.OWNER},
                0: {"G": UnitState.SHOP},
            }
        )
    )
    assert drawn.columns == ("01", "02")
    assert [[s.cell and s.cell.unit.number for s in f.slots] for f in drawn.floors] == [
        ["A-01", "B-01"],
        ["G", None],
    ]


def test_figures_and_filters_count_every_state() -> None:
    states = dict(
        zip(
            ("0101", "0102", "0103", "0104", "0105", "0106", "0107"),
            UnitState,
            strict=True,
        )
    )
    drawn = matrix.draw(building({1: states}))
    figures = drawn.figures
    assert (figures.units, figures.let, figures.unfiled) == (7, 4, 1)
    assert (figures.due, figures.to_check, figures.occupants) == (1, 2, 14)
    assert figures.filed_percent == 75
    assert [f.count for f in drawn.filters] == [1] * 7


def test_a_building_without_let_units_has_no_filing_rate() -> None:
    drawn = matrix.draw(building({1: {"0101": UnitState.OWNER}}))
    assert drawn.figures.filed_percent is None
    assert [f.state for f in drawn.filters] == [UnitState.OWNER]


def test_a_building_without_units_is_drawn_empty() -> None:
    drawn = matrix.draw(building({}))
    assert (drawn.columns, drawn.floors, drawn.figures.units) == ((), (), 0)


numbers = st.text(alphabet="01AB-", min_size=1, max_size=6)


@given(
    st.dictionaries(
        st.integers(-2, 40),
        st.lists(numbers, min_size=1, max_size=9, unique=True),
        max_size=6,
    )
)
def test_every_unit_is_shown_once_and_rows_fill_the_table(
    floors: dict[int, list[str]],
) -> None:
    rows = {f: dict.fromkeys(row, UnitState.OWNER) for f, row in floors.items()}
    drawn = matrix.draw(building(rows))
    for floor in drawn.floors:
        shown = [s.cell.unit.number for s in floor.slots if s.cell]
        assert sorted(shown) == sorted(floors[floor.number])
        assert sum(slot.span for slot in floor.slots) == len(drawn.columns)
