"""What a browser fetches beside the pages; all of it ships with this package."""

from pathlib import Path

from starlette.staticfiles import StaticFiles

HERE = Path(__file__).parent


def static_files() -> StaticFiles:
    """Return the application that serves the style sheet, icons and scripts."""
    return StaticFiles(directory=HERE / "static")
