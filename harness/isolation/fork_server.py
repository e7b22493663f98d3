"""What the fork server does for itself and its children: imported by it alone, after all else.

Its children look for garbage among what is theirs, and for our own modules among what they import themselves: to go
through all that the server has imported means a copy of every page that is touched among it, a third of those of a
short trial.

And it ends at once. Python takes everything apart first, a second and more where torch is loaded, and the run's own end
does not wait for it: the server would be seen at work after the last line.
"""

from __future__ import annotations

import atexit
import gc
import os

from harness.plan.plugin_guard import WATCHED
from zoo.manager.tampering import names_within

names_within(WATCHED)
gc.freeze()  # without a collection before it, for which the first trial would wait
# What was registered last is called first. Children of the server never come here: they end by os._exit themselves.
atexit.register(os._exit, 0)
