"""What is wrong with a field and the remedy, in the words of the counter."""

import re
from collections.abc import Iterable, Sequence

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
    ("text", Fault.MISSING): "请写明为什么不对",
    ("paper", Fault.MISSING): "移交要填写文书编号",
    ("operator", Fault.MISSING): "请填写确认人姓名",
    ("operator", Fault.MALFORMED): "姓名太长或含有无法打印的字符，请重新填写",
    ("reason", Fault.MISSING): "请写明原因",
    ("reason", Fault.MALFORMED): "原因太长或含有换行，请写成一行短句",
    ("pin", Fault.MISSING): "请让持卡人输入密码",
    ("pin", Fault.MALFORMED): "密码是 4 到 8 位数字，请重新输入",
    ("again", Fault.CONTRADICTION): "两次输入不一样，请重新输入",
    ("hours", Fault.MISSING): "请填写时段，例如 工作日 08:00-18:00",
    ("hours", Fault.MALFORMED): "时段无法识别，请按“工作日 08:00-18:00”的样子填写",
    (
        "pin_hours",
        Fault.MALFORMED,
    ): "时段无法识别，请按“每天 22:00-次日06:00”的样子填写",
    ("first_hours", Fault.MISSING): "请填写首卡时段，或清空首卡的其他各项",
    (
        "first_hours",
        Fault.MALFORMED,
    ): "时段无法识别，请按“工作日 08:00-18:00”的样子填写",
    ("cards_together", Fault.MALFORMED): "请填写 1 到 8 张",
    ("first_cards", Fault.MISSING): "请至少填写一张首卡的卡号",
    ("first_cards", Fault.MALFORMED): "卡号只能是数字，几张卡之间用空格隔开",
    ("first_cards", Fault.UNKNOWN): "登记中没有人持有这张卡，请核对卡号",
    ("interlock", Fault.UNKNOWN): "登记中没有这扇门，请重新选择",
    ("interlock", Fault.CONTRADICTION): "互锁的门必须接在同一个网关上",
    ("area", Fault.MISSING): "请填写区域名称，或清空反潜回的其他各项",
    ("area", Fault.MALFORMED): "区域名称太长，请用短一些的名称",
    ("forget_after", Fault.MALFORMED): "请填写 1 到 1440 分钟，不限制请留空",
    ("days", Fault.MISSING): "请填写日期",
    ("first", Fault.MISSING): "请填写从哪天开始",
    ("first", Fault.MALFORMED): "请填写这一年里的日期",
    ("last", Fault.MALFORMED): "请填写这一年里的日期，只有一天可以不填",
    ("last", Fault.CONTRADICTION): "结束日期早于开始日期，请改正",
    ("kind", Fault.MISSING): "请选择这几天怎样安排",
    ("note", Fault.MALFORMED): "备注太长或含有换行，请写成一行短句",
}

BY_FAULT: dict[Fault, str] = {
    Fault.MISSING: "请填写此项",
    Fault.MALFORMED: "格式不正确，请检查后重填",
    Fault.UNKNOWN: "登记中没有此项，请重新选择",
    Fault.TAKEN: "已被占用，请换一个",
    Fault.CONTRADICTION: "与已有登记不符，请检查后重填",
}


ROW = re.compile(r"_[0-9]+$")
"""The number of a row of fields that are alike."""


def texts(errors: Iterable[FieldError]) -> dict[str, str]:
    """Return one text for each field, the first that was found."""
    found: dict[str, str] = {}
    for error in errors:
        name = ROW.sub("", error.field)
        text = TEXTS.get((name, error.fault), BY_FAULT[error.fault])
        found.setdefault(error.field, text)
    return found


def change_texts(errors: Sequence[FieldError]) -> dict[str, str]:
    """Return the texts of a form that asks who changes something, and why."""
    found = texts(errors)
    if any((e.field, e.fault) == ("operator", Fault.MISSING) for e in errors):
        found["operator"] = "请填写操作人姓名"
    return found
