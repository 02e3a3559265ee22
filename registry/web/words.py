"""What the codes of the register are called on a page, with glyph and tone.

A glyph names a symbol of `static/icons.svg`; a tone names a set of colours of the
style sheet. Colour is never the only carrier: every badge has a word.
"""

from dataclasses import dataclass

from controller.door_rules import DoorMode
from controller.uplink.commissioning import Check
from controller.vocabulary import AlarmKind, Reason
from registry.domain.alarms import AlarmState
from registry.domain.commissioning import ServiceState
from registry.domain.credential import CardState, CredentialState
from registry.domain.door_behaviour import Rule
from registry.domain.hardware import Delivery
from registry.domain.house import UnitState
from registry.domain.occupancy import Basis
from registry.domain.orders import OrderState
from registry.domain.places import UnitUse
from registry.domain.special_days import DayKind
from registry.domain.tenancy import TenancyState
from registry.domain.timeline import EntryKind


@dataclass(frozen=True, slots=True)
class Badge:
    """A word, its glyph and its tone."""

    word: str
    glyph: str
    tone: str


@dataclass(frozen=True, slots=True)
class Sign:
    """A word and its glyph, where no state is told."""

    word: str
    glyph: str


UNIT_STATES: dict[UnitState, Badge] = {
    UnitState.LET_REGISTERED: Badge("出租 · 已登记", "check", "ok"),
    UnitState.DUE: Badge("30 天内到期", "clock", "due"),
    UnitState.OCCUPANT_MISSING: Badge("缺入住登记", "alert", "miss"),
    UnitState.UNFILED: Badge("出租未备案", "cross", "unf"),
    UnitState.OWNER: Badge("自住", "home", "own"),
    UnitState.VACANT: Badge("空置", "empty", "vac"),
    UnitState.SHOP: Badge("商铺", "shop", "biz"),
}
"""In the order the filters show them."""

UNIT_USES: dict[UnitUse, str] = {
    UnitUse.RENTAL: "出租",
    UnitUse.OWNER: "自住",
    UnitUse.SHOP: "商铺",
    UnitUse.VACANT: "空置",
}

BASES: dict[Basis, str] = {
    Basis.TENANT: "租客",
    Basis.OWNER: "产权人",
    Basis.FAMILY: "家属",
    Basis.CO_OCCUPANT: "合住人",
    Basis.LIVE_IN_WORKER: "住家工",
    Basis.EMPLOYER_PROVIDED: "单位宿舍",
    Basis.GUEST: "访客",
}

TENANCY_STATES: dict[TenancyState, Badge] = {
    TenancyState.PLANNED: Badge("未开始", "clock", "vac"),
    TenancyState.RUNNING: Badge("租期中", "check", "ok"),
    TenancyState.ENDING: Badge("即将到期", "clock", "due"),
    TenancyState.HOLDOVER: Badge("到期续住", "clock", "due"),
    TenancyState.RENEWED: Badge("已续租", "arrow", "vac"),
    TenancyState.ENDED: Badge("已结束", "cross", "vac"),
}

DELIVERIES: dict[Delivery, Badge] = {
    Delivery.WANTED: Badge("待下发", "clock", "due"),
    Delivery.PUSHED: Badge("已下发，待门确认", "arrow", "own"),
    Delivery.ACKNOWLEDGED: Badge("已生效", "check", "ok"),
}

CARD_STATES: dict[CardState, Badge] = {
    CardState.ACTIVE: Badge("有效卡", "check", "ok"),
    CardState.LOST: Badge("已挂失卡", "alert", "miss"),
    CardState.CANCELLED: Badge("已注销卡", "cross", "miss"),
    CardState.RETURNED: Badge("已退还卡", "cross", "vac"),
    CardState.ISSUED: Badge("未启用卡", "cross", "vac"),
    CardState.EXPIRED: Badge("已过期卡", "cross", "vac"),
    CardState.BLANK: Badge("未绑定卡", "cross", "miss"),
    CardState.UNKNOWN: Badge("未知卡", "alert", "miss"),
}

CREDENTIAL_ENDINGS: dict[CredentialState, tuple[str, str]] = {
    CredentialState.LOST: ("挂失", "卡丢了，找回后也不再使用"),
    CredentialState.CANCELLED: ("注销", "卡不再需要，或由街道收回资格"),
    CredentialState.RETURNED: ("退还", "持卡人把卡交回了窗口"),
}

GRANTED: dict[Reason, str] = {
    Reason.PERMIT: "刷卡开门",
    Reason.EXIT_REQUEST: "出门按钮开门",
    Reason.REMOTE_OPEN: "远程开门",
    Reason.SUPERVISOR_CODE: "超级密码开门",
    Reason.FREE_PASSAGE: "门已设为常开",
    Reason.PASSBACK_NOTED: "刷卡开门（没有先刷卡出门）",
}

REFUSED: dict[Reason, str] = {
    Reason.UNKNOWN_CARD: "登记中没有这张卡",
    Reason.OTHER_DOOR: "这张卡没有此门的授权",
    Reason.NOT_YET_VALID: "授权还没有开始",
    Reason.ENDED: "授权已经结束",
    Reason.OUTSIDE_HOURS: "不在允许的时段",
    Reason.UNREADABLE_CARD: "卡无法读取",
    Reason.WRONG_PIN: "密码不正确",
    Reason.ANTI_PASSBACK: "没有先刷卡出门（反潜回）",
    Reason.MORE_CARDS: "还需要其他人一起刷卡",
    Reason.FIRST_CARD: "首卡还没有刷过",
    Reason.INTERLOCK: "互锁的另一扇门开着",
    Reason.HELD_SHUT: "门已设为常闭",
    Reason.CONTROLLER_RULE: "控制器按自身规则拒绝",
    Reason.PIN_NEEDED: "没有输入密码",
}

HAPPENINGS: dict[EntryKind, str] = {
    EntryKind.TENANCY_STARTED: "租约开始",
    EntryKind.TENANCY_ENDED: "租约结束",
    EntryKind.MOVED_IN: "登记入住",
    EntryKind.MOVED_OUT: "登记搬出",
    EntryKind.CARD_ISSUED: "发放门禁卡",
    EntryKind.CARD_ENDED: "门禁卡失效",
}

ALARM_KINDS: dict[AlarmKind, Sign] = {
    AlarmKind.FORCED_OPEN: Sign("强行开门", "alert"),
    AlarmKind.HELD_OPEN: Sign("门长时间未关", "door"),
    AlarmKind.TAMPER: Sign("设备被拆动", "lock"),
    AlarmKind.READER_LOST: Sign("设备失联", "cross"),
    AlarmKind.POWER: Sign("电源异常", "bolt"),
    AlarmKind.DURESS: Sign("胁迫开门求助", "alert"),
    AlarmKind.FIRE: Sign("消防信号", "alert"),
    AlarmKind.REPLACED: Sign("设备被更换", "lock"),
}

ALARM_STATES: dict[AlarmState, Badge] = {
    AlarmState.RAISED: Badge("待确认 · 仍在持续", "alert", "unf"),
    AlarmState.CLEARED: Badge("待确认 · 已恢复", "clock", "due"),
    AlarmState.ACKNOWLEDGED: Badge("已确认 · 仍在持续", "arrow", "own"),
    AlarmState.CLOSED: Badge("已结束", "check", "vac"),
}

SERVICE_STATES: dict[ServiceState, Badge] = {
    ServiceState.REPLACED: Badge("设备已更换", "alert", "unf"),
    ServiceState.FAILED: Badge("有项目未通过", "cross", "miss"),
    ServiceState.MISSING: Badge("未验收", "clock", "due"),
    ServiceState.ACCEPTED: Badge("已验收", "check", "ok"),
    ServiceState.EXEMPT: Badge("无需验收", "empty", "vac"),
}
"""The most pressing first, as the filters show them."""

CHECKS: dict[Check, str] = {
    Check.CARD: "读卡",
    Check.CONTACT: "门磁",
    Check.LOCK: "开锁",
    Check.TAMPER: "防拆",
}

DOOR_MODES: dict[DoorMode, Badge] = {
    DoorMode.CONTROLLED: Badge("受控", "card", "ok"),
    DoorMode.UNLOCKED: Badge("常开", "door", "due"),
    DoorMode.LOCKED: Badge("常闭", "lock", "unf"),
}

RULES: dict[Rule, Sign] = {
    Rule.MODE: Sign("基本方式", "door"),
    Rule.MODES: Sign("时段", "clock"),
    Rule.PIN: Sign("密码", "lock"),
    Rule.FIRST_CARD: Sign("首卡", "card"),
    Rule.CARDS_TOGETHER: Sign("多卡", "card"),
    Rule.INTERLOCK: Sign("互锁", "lock"),
    Rule.ANTI_PASSBACK: Sign("反潜回", "arrow"),
}

RULE_DELIVERIES: dict[Delivery, Badge] = {
    Delivery.WANTED: Badge("待下发", "clock", "due"),
    Delivery.PUSHED: Badge("已下发，待网关采用", "arrow", "own"),
    Delivery.ACKNOWLEDGED: Badge("网关已采用", "check", "ok"),
}

ORDER_STATES: dict[OrderState, Badge] = {
    OrderState.WAITING: Badge("等网关来取", "clock", "due"),
    OrderState.HANDED_OUT: Badge("网关正在开门", "arrow", "own"),
    OrderState.DONE: Badge("门已打开", "check", "ok"),
    OrderState.LATE: Badge("已过期，没有开门", "cross", "miss"),
    OrderState.OFFLINE: Badge("门离线，没有开门", "empty", "miss"),
    OrderState.FAILED: Badge("开门失败", "alert", "unf"),
    OrderState.UNANSWERED: Badge("没有回报，请到现场看", "bolt", "miss"),
}

DAY_KINDS: dict[DayKind, Badge] = {
    DayKind.HOLIDAY: Badge("放假 · 按周日", "home", "own"),
    DayKind.WORKDAY: Badge("上班 · 按周一", "shop", "due"),
    DayKind.ORDINARY: Badge("照常 · 按星期几", "empty", "vac"),
}

PROTOCOLS: dict[str, str] = {
    "esp_rfid": "esp-rfid 门禁",
    "osdp": "OSDP 读卡器",
    "smart_door": "智能门锁",
    "uhppote": "微耕门禁控制器",
}
