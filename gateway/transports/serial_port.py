"""A serial device in the event loop: no thread, no blocking call."""

import asyncio
import logging
import os
from contextlib import suppress
from pathlib import Path

import serial

from controller.session import Packet
from gateway.transports import Receive

READ_SIZE = 4096
MOST_UNSENT = 4096
"""Bytes; far more than any frame, and a device that takes none is not worth more."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
LOG = logging.getLogger(__name__)


class SerialPort:
    """A serial port, opened for us alone; one that vanishes is opened again."""

    def __init__(self, path: Path, baud: int) -> None:
        """Name the device; it is opened by `run`."""
        self._path = path
        self._baud = baud
        self._handle: int | None = None
        self._unsent = bytearray()
        self._broken: asyncio.Future[OSError] | None = None

    async def run(self, receive: Receive) -> None:
        """Carry packets until cancelled."""
        pause = SHORTEST_PAUSE
        while True:
            try:
                port = serial.Serial(
                    str(self._path), self._baud, exclusive=True, timeout=0
                )
            except (OSError, serial.SerialException) as error:
                LOG.warning("%s cannot be opened: %s", self._path, error)
            else:
                LOG.info("%s is open", self._path)
                pause = SHORTEST_PAUSE
                cause = await self._carry(port, receive)
                LOG.warning("%s is gone: %s", self._path, cause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def send(self, packet: Packet) -> None:
        """Write now what the device takes and the rest when it takes more."""
        if self._handle is None or len(self._unsent) > MOST_UNSENT:
            return
        self._unsent += packet.data
        self._write()

    async def _carry(self, port: serial.Serial, receive: Receive) -> OSError:
        loop = asyncio.get_running_loop()
        with suppress(OSError, ValueError, NotImplementedError):
            port.set_low_latency_mode(True)
        self._broken = loop.create_future()
        self._handle = port.fileno()
        self._unsent.clear()
        os.set_blocking(self._handle, False)
        loop.add_reader(self._handle, self._read, receive)
        try:
            return await self._broken
        finally:
            loop.remove_reader(self._handle)
            loop.remove_writer(self._handle)
            self._handle = None
            port.close()

    def _read(self, receive: Receive) -> None:
        if self._handle is None:
            return
        try:
            data = os.read(self._handle, READ_SIZE)
        except BlockingIOError:
            return
        except OSError as error:
            self._break(error)
            return
        if data:
            receive(Packet(data))
        else:
            self._break(OSError("end of file"))

    def _write(self) -> None:
        if self._handle is None:
            return
        loop = asyncio.get_running_loop()
        try:
            written = os.write(self._handle, self._unsent)
        except BlockingIOError:
            written = 0
        except OSError as error:
            self._break(error)
            return
        del self._unsent[:written]
        if self._unsent:
            loop.add_writer(self._handle, self._write)
        else:
            loop.remove_writer(self._handle)

    def _break(self, error: OSError) -> None:
        if self._broken is not None and not self._broken.done():
            self._broken.set_result(error)
