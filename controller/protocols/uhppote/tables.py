"""Every request and reply by its function."""

from collections.abc import Mapping

from controller.protocols.uhppote.message import (
    START_OF_MESSAGE,
    Function,
    Reply,
    Request,
    decode,
)
from controller.protocols.uhppote.messages import board, cards, doors, events, schedules

EVENT_OF_OLD_FIRMWARE = bytes((0x19, Function.STATUS))
"""How events of firmware 6.62 begin, and nothing else may."""

REQUESTS: Mapping[int, type[Request]] = {
    kind.function: kind
    for kind in (
        events.GetStatus,
        board.SetTime,
        board.GetTime,
        doors.OpenDoor,
        cards.PutCard,
        cards.DeleteCard,
        cards.DeleteCards,
        cards.CountCards,
        cards.GetCard,
        cards.GetCardAt,
        doors.SetDoor,
        doors.GetDoor,
        doors.SetAntiPassback,
        doors.GetAntiPassback,
        schedules.SetProfile,
        schedules.ClearProfiles,
        cards.SetPasscodes,
        events.RecordSpecialEvents,
        events.SetListener,
        events.GetListener,
        board.Discover,
        board.SetAddress,
        schedules.GetProfile,
        doors.SetPcControl,
        doors.SetInterlock,
        doors.SetKeypads,
        schedules.ClearTasks,
        schedules.AddTask,
        schedules.SetFirstCard,
        schedules.RefreshTasks,
        events.GetEvent,
        events.SetEventIndex,
        events.GetEventIndex,
        board.RestoreDefaults,
    )
}

REPLIES: Mapping[int, type[Reply]] = {
    kind.function: kind
    for kind in (
        events.StatusReply,
        board.SetTimeReply,
        board.GetTimeReply,
        doors.OpenDoorReply,
        cards.PutCardReply,
        cards.DeleteCardReply,
        cards.DeleteCardsReply,
        cards.CountCardsReply,
        cards.GetCardReply,
        cards.GetCardAtReply,
        doors.SetDoorReply,
        doors.GetDoorReply,
        doors.SetAntiPassbackReply,
        doors.GetAntiPassbackReply,
        schedules.SetProfileReply,
        schedules.ClearProfilesReply,
        cards.SetPasscodesReply,
        events.RecordSpecialEventsReply,
        events.SetListenerReply,
        events.GetListenerReply,
        board.DiscoverReply,
        schedules.GetProfileReply,
        doors.SetPcControlReply,
        doors.SetInterlockReply,
        doors.SetKeypadsReply,
        schedules.ClearTasksReply,
        schedules.AddTaskReply,
        schedules.SetFirstCardReply,
        schedules.RefreshTasksReply,
        events.GetEventReply,
        events.SetEventIndexReply,
        events.GetEventIndexReply,
        board.RestoreDefaultsReply,
    )
}


def decode_request(data: bytes) -> Request:
    """Read what a host asks; raises MessageRefused."""
    return decode(REQUESTS, data)


def decode_reply(data: bytes) -> Reply:
    """Read what a board says; raises MessageRefused."""
    if data[:2] == EVENT_OF_OLD_FIRMWARE:
        data = bytes((START_OF_MESSAGE,)) + data[1:]
    return decode(REPLIES, data)
