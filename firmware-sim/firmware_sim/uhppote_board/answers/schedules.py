"""Answers about profiles, tasks and first cards."""

from controller.protocols.uhppote.message import MAGIC
from controller.protocols.uhppote.messages import schedules as messages
from firmware_sim.uhppote_board.board import Board

MOST_TASKS = 1_000
LAST_MODE = messages.FirstCardMode.FIRST_CARD_ONLY


def set_profile(
    board: Board, request: messages.SetProfile, _now: float
) -> messages.SetProfileReply:
    """Take a profile with an id there is."""
    profile = request.profile
    ok = messages.FIRST_PROFILE <= profile.id <= messages.LAST_PROFILE
    if ok:
        board.memory.settings.profiles[profile.id] = profile
    return messages.SetProfileReply(board.memory.serial, ok)


def clear_profiles(
    board: Board, request: messages.ClearProfiles, _now: float
) -> messages.ClearProfilesReply:
    """Forget every profile."""
    ok = request.magic == MAGIC
    if ok:
        board.memory.settings.profiles.clear()
    return messages.ClearProfilesReply(board.memory.serial, ok)


def clear_tasks(
    board: Board, request: messages.ClearTasks, _now: float
) -> messages.ClearTasksReply:
    """Empty the list; what counts goes on until the next refresh."""
    ok = request.magic == MAGIC
    if ok:
        board.memory.settings.tasks_waiting.clear()
    return messages.ClearTasksReply(board.memory.serial, ok)


def add_task(
    board: Board, request: messages.AddTask, _now: float
) -> messages.AddTaskReply:
    """Put a task in the list that does not count yet."""
    task = request.task
    waiting = board.memory.settings.tasks_waiting
    ok = (
        task.door in board.doors
        and task.type in set(messages.TaskType)
        and len(waiting) < MOST_TASKS
    )
    if ok:
        waiting.append(task)
    return messages.AddTaskReply(board.memory.serial, ok)


def refresh_tasks(
    board: Board, request: messages.RefreshTasks, _now: float
) -> messages.RefreshTasksReply:
    """Let the list count from now on, and the first-card settings with it."""
    ok = request.magic == MAGIC
    if ok:
        settings = board.memory.settings
        settings.tasks = list(settings.tasks_waiting)
        for door in settings.doors.values():
            door.first, door.first_waiting = door.first_waiting or door.first, None
    return messages.RefreshTasksReply(board.memory.serial, ok)


def set_first_card(
    board: Board, request: messages.SetFirstCard, _now: float
) -> messages.SetFirstCardReply:
    """Keep a door's first-card setting until the next refresh of the tasks."""
    ok = (
        request.door in board.doors
        and request.active in set(messages.FirstCardMode) - {LAST_MODE}
        and request.inactive in set(messages.FirstCardMode)
    )
    if ok:
        board.memory.settings.doors[request.door].first_waiting = request
    return messages.SetFirstCardReply(board.memory.serial, ok)
