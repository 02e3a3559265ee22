"""The simulator's control API, on loopback."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiohttp import web

from controller.session import Contact
from firmware_sim.faults import WireFaults
from firmware_sim.reader import Busy
from firmware_sim.simulator import Simulator
from firmware_sim.traffic import Traffic

UNPROCESSABLE = 422
_LOOK_AGAIN = 0.05
_LARGEST_CARD = 2**32 - 1
_LONGEST_FAULT = 3600.0
_CONTACTS = {"tamper": Contact.TAMPER, "open": Contact.DOOR, "fire": Contact.FIRE}


class Refused(Exception):
    """A field of a request that cannot be obeyed, and what would be right."""

    def __init__(self, field: str, remedy: str) -> None:
        super().__init__(f"{field}: {remedy}")
        self.problem = {
            "title": "The request was not obeyed",
            "status": UNPROCESSABLE,
            "errors": [{"field": field, "message": str(self), "remedy": remedy}],
        }


@dataclass(frozen=True, slots=True)
class Control:
    """Handlers over a running simulator."""

    simulator: Simulator
    traffic: Traffic
    now: Callable[[], float]

    async def tap(self, request: web.Request) -> web.Response:
        """Make one tap: {"door", "card"}; card null presses the exit button."""
        body = await _body(request)
        door, card = body.get("door"), body.get("card")
        if not isinstance(door, str) or door not in self.simulator.street.doors:
            raise Refused("door", "name a door of this street")
        if isinstance(card, float):
            raise Refused("card", "give a whole number")
        if card is not None:
            _number("card", card, 1, _LARGEST_CARD)
        try:
            number = self.simulator.tap(door, card)
        except Busy as error:
            raise web.HTTPConflict(text="too many people wait at this door") from error
        return web.json_response({"tap": number}, status=web.HTTPAccepted.status_code)

    async def status(self, _request: web.Request) -> web.Response:
        """Tell the figures of the street."""
        figures = self.simulator.status()
        street_time = self.traffic.clock.shows(self.now())
        return web.json_response(
            {**figures, "running": self.traffic.running, "street_time": street_time}
        )

    async def set_traffic(self, request: web.Request) -> web.Response:
        """Start the traffic, or stop it and wait for those who are at the doors."""
        running = (await _body(request)).get("running")
        if not isinstance(running, bool):
            raise Refused("running", "give true or false")
        self.traffic.running = running
        while not self.traffic.running and self.simulator.under_way:  # noqa: ASYNC110  people at many doors
            await asyncio.sleep(_LOOK_AGAIN)
        return await self.status(request)

    async def fault(self, request: web.Request) -> web.Response:
        """Do something to a door.

        {"power_cut": seconds, "silent": seconds, "clock_error": seconds,
        "wire": {"drop", "corrupt", "split", "late", "delay"}, "tamper": flag,
        "open": flag, "fire": flag}; open moves the door itself, as somebody with a
        crowbar does, and fire is the signal of a fire panel at a reader.
        """
        name = request.match_info["door"]
        body = await _body(request)
        street = self.simulator.street
        if name not in street.doors:
            raise Refused("door", "name a door of this street")
        acts = [self._act(name, field, value) for field, value in body.items()]
        for act in acts:
            act()
        return web.json_response({"door": name, "faults": list(body)})

    def _act(self, name: str, field: str, value: Any) -> Callable[[], None]:  # noqa: ANN401  checked here
        """Return what a field asks for, or raise Refused."""
        street = self.simulator.street
        door = street.doors[name]
        match field:
            case "power_cut":
                seconds = _number(field, value, 0, _LONGEST_FAULT)
                return lambda: door.cut_power(seconds)
            case "silent":
                seconds = _number(field, value, 0, _LONGEST_FAULT)
                return lambda: door.fall_silent(seconds)
            case "clock_error" if name in street.locks:
                lock = street.locks[name]
                error = timedelta(seconds=_number(field, value, -(10**9), 10**9))
                return lambda: lock.set_clock_error(error)
            case "tamper" | "open" if isinstance(value, bool):
                contact = _CONTACTS[field]
                return lambda: door.set_contact(contact, active=value)
            case "fire" if isinstance(value, bool) and name not in street.locks:
                contact = _CONTACTS[field]
                return lambda: door.set_contact(contact, active=value)
            case "wire":
                faults = _wire_faults(value)
                return lambda: door.disturb(faults)
            case _:
                raise Refused(
                    field,
                    "use power_cut, silent, wire, tamper, open; clock_error of a lock; "
                    "fire at a reader",
                )


def control_app(control: Control) -> web.Application:
    """Return the web application of a simulator."""
    app = web.Application(middlewares=[_problems])
    app.add_routes(
        [
            web.post("/taps", control.tap),
            web.get("/status", control.status),
            web.post("/traffic", control.set_traffic),
            web.post("/doors/{door}/faults", control.fault),
        ]
    )
    return app


@web.middleware
async def _problems(
    request: web.Request, handler: Callable[[web.Request], Any]
) -> web.StreamResponse:
    try:
        response: web.StreamResponse = await handler(request)
    except Refused as error:
        return web.json_response(
            error.problem,
            status=UNPROCESSABLE,
            content_type="application/problem+json",
        )
    return response


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except (ValueError, RecursionError) as error:
        raise Refused("body", "send a JSON object") from error
    if not isinstance(body, dict):
        raise Refused("body", "send a JSON object")
    return body


def _number(field: str, value: Any, least: float, most: float) -> float:  # noqa: ANN401  checked here
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not least <= value <= most:
        raise Refused(field, f"give a number from {least} to {most}")
    return float(value)


def _wire_faults(value: Any) -> WireFaults:  # noqa: ANN401  checked here
    try:
        return WireFaults(**value)
    except (TypeError, ValueError) as error:
        raise Refused("wire", f"give shares of 0 to 1 by name ({error})") from error
