"""Cases and rules in plain words."""

from registry.domain.cases import CaseEvent, CaseState, CloseReason
from registry.domain.hazards import HazardKind
from registry.domain.house_rules.rule import GuardName
from registry.domain.places import RoomKind
from registry.domain.policy.keys import Key
from registry.domain.policy.value import Unit, Verification
from registry.web.words import Badge

STATES: dict[CaseState, Badge] = {
    CaseState.NOTICE: Badge("已提醒双方", "clock", "due"),
    CaseState.OBJECTED: Badge("有异议，暂停", "alert", "miss"),
    CaseState.REVIEW: Badge("核查中", "clock", "due"),
    CaseState.VISIT: Badge("待走访", "home", "due"),
    CaseState.CONFIRMED_GAP: Badge("已核实，待补正", "cross", "unf"),
    CaseState.SELF_RESOLVED: Badge("已自行解决", "check", "ok"),
    CaseState.UNFOUNDED: Badge("没有问题", "check", "ok"),
    CaseState.REMEDIED: Badge("已补正", "check", "ok"),
    CaseState.HANDED_OVER: Badge("已移交", "file", "own"),
    CaseState.AUTO_GUARDED: Badge("自动排除", "empty", "vac"),
    CaseState.RAISED: Badge("刚提出", "clock", "due"),
}
"""In the order the filter shows them."""

REASONS: dict[CloseReason, str] = {
    CloseReason.GUARD_HELD: "符合排除条件",
    CloseReason.REGISTER_CORRECTED: "登记已补正",
    CloseReason.EXPLAINED: "已说明情况",
    CloseReason.NOTHING_FOUND: "核查没有发现问题",
    CloseReason.WRONG_DATA: "登记数据有误",
    CloseReason.DEVICE_FAULT: "门禁设备故障",
    CloseReason.OBJECTION_UPHELD: "异议成立",
    CloseReason.GAP_REMEDIED: "已完成补正",
    CloseReason.HANDED_OVER: "移交主管部门",
    CloseReason.NO_LONGER_SO: "情况已消失",
}

EVENTS: dict[CaseEvent, str] = {
    CaseEvent.REVIEWED: "开始核查",
    CaseEvent.VISIT_SENT: "安排走访",
    CaseEvent.GAP_CONFIRMED: "走访核实，确有缺口",
    CaseEvent.OBJECTION_REFUSED: "异议不成立，继续核查",
    CaseEvent.OBJECTION_UPHELD: "结束",
    CaseEvent.SELF_RESOLVED: "结束",
    CaseEvent.FOUND_NOTHING: "结束",
    CaseEvent.REMEDIED: "结束",
    CaseEvent.HANDED_OVER: "结束",
}
"""The steps of the street, in the order the form offers them."""

GUARDS: dict[GuardName, str] = {
    GuardName.PENDING: "已提交，等待办理",
    GuardName.EXEMPT: "依规免办",
    GuardName.OWNER_LIVES_HERE: "业主自住",
    GuardName.FAMILY: "家庭成员",
    GuardName.EMPLOYER_HOUSING: "单位宿舍",
    GuardName.NEW_OWNER: "刚换业主",
    GuardName.SHORT_ORAL_LEASE: "口头短租，不要求书面",
    GuardName.RENEWED: "已续租",
    GuardName.INDEFINITE: "不定期租约",
    GuardName.HOLDOVER: "到期留住，尚未定论",
    GuardName.CLOCK_UNSYNCED: "门禁时钟不准",
    GuardName.DOOR_UNRELIABLE: "门禁数据不可靠",
    GuardName.OWNER_KEYS: "是业主或出租人的卡",
    GuardName.MOVING_IN: "正在入住",
    GuardName.MOVE_OUT_GRACE: "搬离宽限期内",
    GuardName.VISIT_ORDERED: "已经安排走访",
    GuardName.GUESTS: "短期客人",
    GuardName.SECOND_HOME: "业主或家人另有住处",
    GuardName.AWAY: "登记为外出或就医等",
    GuardName.NO_CARD: "没有领卡",
    GuardName.KEY_FREE: "门常开，不用刷卡",
    GuardName.SUBLET: "有登记的转租",
    GuardName.COMPANY_LEASE: "单位承租",
    GuardName.PROPAGATION: "注销还没有下发到门",
    GuardName.ADJACENT_DOORS: "相邻的楼",
    GuardName.BY_ROOM: "按房间或床位出租",
    GuardName.OWNER_CONSENT: "业主六个月没有异议",
    GuardName.RECTIFIED: "已自报整改，待复查",
    GuardName.LEFT: "已经离开",
}

NUMBERS: dict[str, str] = {
    "days": "天数",
    "people": "登记人数",
    "capacity": "容量（人）",
    "cards": "有效的卡（张）",
    "end": "到期日",
    "allowed": "权利到期日",
    "last": "最近一天",
    "start": "入住日",
    "since": "重叠起",
    "claims": "租约（份）",
    "seconds": "最短间隔（秒）",
    "hazards": "隐患（处）",
    "rooms": "非居住房间（间）",
    "kind": "类别",
    "doors": "本楼的门（扇）",
    "offline": "在线不足（扇）",
    "clocks": "时钟不准（扇）",
    "online": "最低在线率（%）",
}

KINDS: dict[str, str] = {
    HazardKind.EXIT: "疏散通道",
    HazardKind.WIRING: "电气线路",
    HazardKind.GAS: "燃气",
    HazardKind.CHARGING: "电动车充电",
    HazardKind.PARTITION: "违规隔断",
    HazardKind.MIXED_USE: "住人与生产经营混用",
    HazardKind.WINDOW_BARS: "窗栏封死",
    RoomKind.KITCHEN: "厨房",
    RoomKind.BATHROOM: "卫生间",
    RoomKind.BALCONY: "阳台",
    RoomKind.PASSAGE: "过道",
    RoomKind.BASEMENT: "地下室",
    RoomKind.GARAGE: "车库",
}

KEYS: dict[Key, str] = {
    Key.UNREGISTERED_AFTER: "多久没有备案才提示",
    Key.TRANSFER_GRACE: "换业主后的备案宽限",
    Key.LEASE_FILING: "租赁合同备案期限",
    Key.WRITTEN_LEASE_FROM: "多长租期要书面合同",
    Key.LEASE_END_GRACE: "租约到期后的宽限",
    Key.USED_DAYS_AFTER_END: "到期后用卡几天才提示",
    Key.VACANT_WINDOW: "查看最近多久",
    Key.VACANT_USE_DAYS: "空置用卡几天才提示",
    Key.DOOR_GRACE: "搬离后门禁宽限",
    Key.SILENCE_VISIT: "对方多久不回应",
    Key.MIN_AREA_PER_PERSON: "人均最小面积",
    Key.MAX_PER_ROOM: "每间最多人数",
    Key.GUESTS_ALLOWED: "不计入的客人",
    Key.NEVER_ENTERING: "多久不用卡才提示",
    Key.TRAVEL_LEAST: "两处之间至少几秒",
    Key.TRAVEL_DAYS: "几天都这样才提示",
    Key.SUBLET_SILENCE: "业主沉默视为同意转租",
    Key.FOREIGNER_REPORT: "境外人员住宿登记期限",
    Key.DOOR_ONLINE_LEAST: "最低在线率（%）",
    Key.CLOCK_SKEW_MOST: "时钟最大误差（秒）",
}

UNITS: dict[Unit, str] = {
    Unit.CALENDAR_DAYS: "天",
    Unit.WORKING_DAYS: "个工作日",
    Unit.HOURS: "小时",
    Unit.MONTHS: "个月",
    Unit.NUMBER: "",
    Unit.SQUARE_METRES: "平方米",
}

TAGS: dict[Verification, str] = {
    Verification.OFFICIAL_TEXT: "已见公开原文",
    Verification.PARTIAL_TEXT: "只见部分原文",
    Verification.UNVERIFIED: "未经核对",
    Verification.HOUSE_RULE: "街道自定",
}
