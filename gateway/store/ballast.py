"""Space set aside for the day the disk is full."""

import logging
import os
import shutil
from pathlib import Path

SPARE_FACTOR = 2
"""How often the ballast must fit into the free space before it is laid again."""
LOG = logging.getLogger(__name__)


class Ballast:
    """A file that holds nothing, to be given up when nothing else is left."""

    def __init__(self, path: Path, size: int) -> None:
        """Lay the ballast when there is room for it."""
        self._path = path
        self._size = size
        self.restore()

    @property
    def held(self) -> bool:
        """Whether there is still something to give up."""
        return self._size == 0 or self._path.exists()

    def release(self) -> bool:
        """Give the space up; says whether there was any."""
        if self._size == 0 or not self._path.exists():
            return False
        self._path.unlink()
        LOG.error("disk full: ballast of %d bytes released", self._size)
        return True

    def restore(self) -> None:
        """Lay the ballast again once the disk has room."""
        if self.held or self._free() < SPARE_FACTOR * self._size:
            return
        handle = os.open(self._path, os.O_CREAT | os.O_WRONLY, 0o600)
        try:
            os.posix_fallocate(handle, 0, self._size)
        except OSError:
            self._path.unlink()
        finally:
            os.close(handle)

    def _free(self) -> int:
        return shutil.disk_usage(self._path.parent).free
