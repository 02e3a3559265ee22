from registry.domain.errors import Fault, FieldError
from registry.web.faults import BY_FAULT, texts


def test_each_field_gets_its_first_fault_with_a_remedy() -> None:
    errors = [
        FieldError("card", Fault.TAKEN, "taken", "take another"),
        FieldError("card", Fault.MALFORMED, "malformed", "type digits"),
        FieldError("end", Fault.MISSING, "missing", "give it"),
    ]
    assert texts(errors) == {
        "card": "这张卡已在别人名下，请先注销，或换一张卡",
        "end": "请填写租期结束日期",
    }


def test_a_field_without_words_of_its_own_gets_those_of_its_fault() -> None:
    assert set(BY_FAULT) == set(Fault)
    for fault in Fault:
        assert texts([FieldError("other", fault, "", "")]) == {"other": BY_FAULT[fault]}
