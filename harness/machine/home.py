"""A home folder where there is none: in containers and on clusters a user may have neither $HOME nor an entry."""

from __future__ import annotations

import os
import stat

from zoo.errors import ZooError

NAMES = ("LOGNAME", "USER", "LNAME", "USERNAME")  # what getpass asks before it asks for the user's entry


def give_home() -> str:
    """Set $HOME to a folder of its own where it names none, and $USER; returns what to tell of it, or "".

    Every library that keeps something looks there: torch.hub and the Hugging Face would make a folder called `~`,
    pathlib and the compiler's cache raise. Raises ZooError where no folder can be made.
    """
    if not _has_name():
        os.environ["USER"] = f"uid-{os.getuid()}"
    home = os.path.expanduser("~")
    if os.path.isabs(home) and os.path.isdir(home):
        return ""
    os.environ["HOME"] = folder = _private_folder()
    return f"this user has no home folder: caches go to {folder}; set HOME or XDG_CACHE_HOME to keep them elsewhere"


def _has_name() -> bool:
    if any(os.environ.get(name) for name in NAMES):
        return True
    import pwd

    try:
        return bool(pwd.getpwuid(os.getuid()).pw_name)
    except KeyError:
        return False


def _private_folder() -> str:
    """The same folder each time, so that what is kept there is found again; another one where that is not ours."""
    import tempfile  # here: it costs as much as a tenth of the start-up, and is seldom needed

    try:
        folder = os.path.join(tempfile.gettempdir(), f"zoo-home-{os.getuid()}")
        try:
            os.mkdir(folder, 0o700)
        except FileExistsError:
            # Its name can be guessed: somebody else may have made it, or a link.
            status = os.lstat(folder)
            mine = status.st_uid == os.getuid() and stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o022
            return folder if mine else tempfile.mkdtemp(prefix="zoo-home-")
        return folder
    except OSError as error:
        cause = f"this user has no home folder, and none can be made for caches ({error.strerror or error})"
        raise ZooError(cause, "set HOME, or TMPDIR, to a folder that can be written") from error
