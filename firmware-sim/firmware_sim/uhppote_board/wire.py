"""A datagram in, a datagram out."""

from collections.abc import Mapping

from controller.errors import RemoteProtocolError
from controller.protocols.uhppote.message import Function
from controller.protocols.uhppote.messages.board import Discover
from controller.protocols.uhppote.tables import decode_request
from firmware_sim.uhppote_board.answers import board, cards, doors, events, schedules
from firmware_sim.uhppote_board.answers.look_ups import LOOK_UPS, Answer
from firmware_sim.uhppote_board.board import Board

ANSWERS: Mapping[Function, Answer] = {
    **LOOK_UPS,
    Function.STATUS: events.get_status,
    Function.SET_EVENT_INDEX: events.set_event_index,
    Function.RECORD_SPECIAL_EVENTS: events.record_special_events,
    Function.SET_LISTENER: events.set_listener,
    Function.GET_LISTENER: events.get_listener,
    Function.DISCOVER: board.discover,
    Function.SET_ADDRESS: board.set_address,
    Function.SET_TIME: board.set_time,
    Function.GET_TIME: board.get_time,
    Function.RESTORE_DEFAULTS: board.restore_defaults,
    Function.PUT_CARD: cards.put_card,
    Function.DELETE_CARD: cards.delete_card,
    Function.DELETE_CARDS: cards.delete_cards,
    Function.SET_PASSCODES: cards.set_passcodes,
    Function.OPEN_DOOR: doors.open_door,
    Function.SET_DOOR: doors.set_door,
    Function.GET_DOOR: doors.get_door,
    Function.SET_ANTI_PASSBACK: doors.set_anti_passback,
    Function.SET_INTERLOCK: doors.set_interlock,
    Function.SET_KEYPADS: doors.set_keypads,
    Function.SET_PC_CONTROL: doors.set_pc_control,
    Function.SET_PROFILE: schedules.set_profile,
    Function.CLEAR_PROFILES: schedules.clear_profiles,
    Function.CLEAR_TASKS: schedules.clear_tasks,
    Function.ADD_TASK: schedules.add_task,
    Function.REFRESH_TASKS: schedules.refresh_tasks,
    Function.SET_FIRST_CARD: schedules.set_first_card,
}


def respond(to: Board, data: bytes, now: float) -> bytes | None:
    """Return the answer to a datagram; None when it is not for this board, or dark."""
    if not to.powered:
        return None
    try:
        request = decode_request(data)
    except RemoteProtocolError:
        return None
    to_all = request.serial == 0 and isinstance(request, Discover)
    if request.serial != to.memory.serial and not to_all:
        return None
    to.on_timeout(now)
    to.heard_host(now)
    reply = ANSWERS[request.function](to, request, now)
    if reply is None or not to.outlives_request():
        return None
    return reply.encode()
