"""What the fork server does for itself and its children: imported by it alone, after all else.

Its children look for garbage among what is theirs: to go through all that the server has imported takes 3 to 5 % of a
short trial, a copy of every page that is touched among it.

And it ends at once. Python takes everything apart first, a second and more where torch is loaded, and the run's own end
does not wait for it: the server would be seen at work after the last line.
"""

from __future__ import annotations

import atexit
import gc
import os

gc.freeze()  # without a collection before it, for which the first trial would wait
# What was registered last is called first. Children of the server never come here: they end by os._exit themselves.
atexit.register(os._exit, 0)
