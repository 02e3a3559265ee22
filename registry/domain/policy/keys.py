"""What policy values there are, by name."""

from enum import StrEnum


class Key(StrEnum):
    """Every deadline, period, amount and threshold the register works with."""

    LEASE_FILING = "lease_filing"
    OCCUPANT_REPORT = "occupant_report"
    RESIDENCE_REGISTRATION = "residence_registration"
    FOREIGNER_REPORT = "foreigner_report"
    FOREIGNER_CHANGE = "foreigner_change"
    PERMIT_AFTER = "permit_after"
    PERMIT_ISSUE = "permit_issue"
    PERMIT_ISSUE_LONGEST = "permit_issue_longest"
    PERMIT_ENDORSEMENT = "permit_endorsement"
    ENDORSEMENT_WINDOW = "endorsement_window"
    WRITTEN_LEASE_FROM = "written_lease_from"
    LONGEST_LEASE = "longest_lease"
    SUBLET_SILENCE = "sublet_silence"
    RENEWAL_ASK = "renewal_ask"
    RENEWAL_ASK_FROM = "renewal_ask_from"
    DEPOSIT_WARN = "deposit_warn"
    LARGE_HOUSE_ROOMS = "large_house_rooms"
    LARGE_HOUSE_BEDS = "large_house_beds"
    MIN_AREA_PER_PERSON = "min_area_per_person"
    MAX_PER_ROOM = "max_per_room"
    REMINDER_FIRST = "reminder_first"
    REMINDER_SECOND = "reminder_second"
    REMINDER_LAST = "reminder_last"
    DUE_WINDOW = "due_window"
    LEASE_END_GRACE = "lease_end_grace"
    DOOR_GRACE = "door_grace"
    BELONGINGS_GRACE = "belongings_grace"
    TRANSFER_GRACE = "transfer_grace"
    FILING_RENEWAL = "filing_renewal"
    SILENCE_VISIT = "silence_visit"
    VISIT_DUE = "visit_due"
    VISIT_GREEN = "visit_green"
    VISIT_YELLOW = "visit_yellow"
    VISIT_ORANGE = "visit_orange"
    VISIT_OPEN_HAZARD = "visit_open_hazard"
    SUBJECT_REQUEST = "subject_request"
    LAWFUL_QUERY_WINDOW = "lawful_query_window"
    TRACE_RECORDS_ALARM = "trace_records_alarm"
    LODGING_RECORDS_ALARM = "lodging_records_alarm"
    EVENT_IDENTIFIABLE = "event_identifiable"
    ALARM_RETENTION = "alarm_retention"
    ORDER_RETENTION = "order_retention"
    NO_DOCUMENT_LONGEST = "no_document_longest"
    OCCUPANCY_RETENTION = "occupancy_retention"
    NETWORK_LOG_RETENTION = "network_log_retention"
    QUERY_LOG_RETENTION = "query_log_retention"
    PROVISION_RETENTION = "provision_retention"
    ASSESSMENT_RETENTION = "assessment_retention"
    CAMERA_FILING = "camera_filing"
    CAMERA_RETENTION = "camera_retention"
    UNREGISTERED_AFTER = "unregistered_after"
    USED_DAYS_AFTER_END = "used_days_after_end"
    VACANT_WINDOW = "vacant_window"
    VACANT_USE_DAYS = "vacant_use_days"
    NEVER_ENTERING = "never_entering"
    GUESTS_ALLOWED = "guests_allowed"
    TRAVEL_LEAST = "travel_least"
    TRAVEL_DAYS = "travel_days"
    DOOR_ONLINE_LEAST = "door_online_least"
    CLOCK_SKEW_MOST = "clock_skew_most"
    CASE_COOL_OFF = "case_cool_off"
    CASE_EXPLAINED = "case_explained"
    PRECISION_WINDOW = "precision_window"
    PRECISION_CLOSED_LEAST = "precision_closed_least"
    PRECISION_LEAST = "precision_least"


DUTIES = frozenset(
    {
        Key.LEASE_FILING,
        Key.OCCUPANT_REPORT,
        Key.RESIDENCE_REGISTRATION,
        Key.FOREIGNER_REPORT,
        Key.FOREIGNER_CHANGE,
        Key.PERMIT_ISSUE,
        Key.PERMIT_ENDORSEMENT,
        Key.TRANSFER_GRACE,
        Key.FILING_RENEWAL,
        Key.SILENCE_VISIT,
        Key.SUBJECT_REQUEST,
        Key.CAMERA_FILING,
    }
)
"""The deadlines: what runs from an event, in whatever unit of time the rule says."""
