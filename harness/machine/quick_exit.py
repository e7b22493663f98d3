"""Ends a process at once that has nothing to say farewell to: imported by the fork server alone, after all else.

Python takes everything apart first, a second and more where torch is loaded, and the run's own end does not wait for
it: the server would be seen at work after the last line.
"""

from __future__ import annotations

import atexit
import os

# What was registered last is called first. Children of the server never come here: they end by os._exit themselves.
atexit.register(os._exit, 0)
