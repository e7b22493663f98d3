"""A command line that can be written down: what looks like a secret is not."""

from __future__ import annotations

import re
from collections.abc import Sequence

MASK = "***"
SECRET_FLAG = re.compile(r"--?[\w-]*(token|key|secret|password|passwd|credential|auth)[\w-]*", re.IGNORECASE)
CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+(?=@)")
SECRET_FIELD = re.compile(r"((?:token|key|secret|password|sig|signature|auth)=)[^&\s]+", re.IGNORECASE)


def masked(arguments: Sequence[str]) -> list[str]:
    """The same arguments with `***` for the values of flags named like secrets, and for secrets within addresses."""
    shown: list[str] = []
    hide_next = False
    for argument in arguments:
        flag, separator, _ = argument.partition("=")
        is_secret = bool(SECRET_FLAG.fullmatch(flag))
        # What begins with a dash is the next flag, for the parser too: the one before has no value to hide.
        if hide_next and not argument.startswith("-"):
            shown.append(MASK)
        elif is_secret and separator:
            shown.append(f"{flag}={MASK}")
        else:
            shown.append(SECRET_FIELD.sub(rf"\1{MASK}", CREDENTIALS.sub(MASK, argument)))
        hide_next = is_secret and not separator
    return shown
