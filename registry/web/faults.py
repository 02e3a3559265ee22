"""What is wrong with a field and the remedy, in the words of the counter."""

from collections.abc import Iterable

from registry.domain.errors import Fault, FieldError

TEXTS: dict[tuple[str, Fault], str] = {
    ("unit", Fault.MISSING): "请填写房屋编号，例如 B001-0301",
    ("unit", Fault.UNKNOWN): "登记中没有这套房，请从楼盘表中选择",
    ("room", Fault.UNKNOWN): "这套房没有这个房间，请重新选择",
    ("landlord", Fault.UNKNOWN): "登记中没有这位房东，请重新选择或不填",
    ("occupant", Fault.MISSING): "请填写入住人姓名",
    ("occupant", Fault.MALFORMED): "姓名太长或含有无法打印的字符，请按证件填写",
    ("card", Fault.MISSING): "请填写门禁卡号，卡号印在卡面上",
    ("card", Fault.MALFORMED): "卡号只能是数字，请按卡面填写",
    ("card", Fault.TAKEN): "这张卡已在别人名下，请先注销，或换一张卡",
    ("start", Fault.MISSING): "请填写租期开始日期",
    ("start", Fault.MALFORMED): "开始日期无法识别，请按 年-月-日 填写",
    (
        "start",
        Fault.CONTRADICTION,
    ): "这段时间已有租约，请先结束原租约，或改日期、换房间",
    ("end", Fault.MISSING): "请填写租期结束日期",
    ("end", Fault.MALFORMED): "结束日期无法识别，请按 年-月-日 填写",
    ("end", Fault.CONTRADICTION): "结束日期与租期不符，请填写租期以内、晚于开始的日期",
    ("confirm", Fault.MISSING): "请与入住人核对后勾选确认",
    ("state", Fault.MISSING): "请选择原因",
    ("operator", Fault.MISSING): "请填写确认人姓名",
    ("operator", Fault.MALFORMED): "姓名太长或含有无法打印的字符，请重新填写",
    ("note", Fault.MALFORMED): "备注太长或含有换行，请写成一行短句",
}

BY_FAULT: dict[Fault, str] = {
    Fault.MISSING: "请填写此项",
    Fault.MALFORMED: "格式不正确，请检查后重填",
    Fault.UNKNOWN: "登记中没有此项，请重新选择",
    Fault.TAKEN: "已被占用，请换一个",
    Fault.CONTRADICTION: "与已有登记不符，请检查后重填",
}


def texts(errors: Iterable[FieldError]) -> dict[str, str]:
    """Return one text for each field, the first that was found."""
    found: dict[str, str] = {}
    for error in errors:
        text = TEXTS.get((error.field, error.fault), BY_FAULT[error.fault])
        found.setdefault(error.field, text)
    return found
