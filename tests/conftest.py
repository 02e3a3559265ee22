"""What holds for every test."""

import signal

from hypothesis import settings

# Jobs in the background ignore Ctrl-C, and so would the processes tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says more about the machine than about the code.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")
