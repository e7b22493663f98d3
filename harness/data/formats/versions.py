"""What decodes files here: kept pixels and facts are those of one version, and another one's are not used."""

from __future__ import annotations

import hashlib
import json
import platform
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec

# To be raised with every change of ours that gives other pixels or facts of the same file.
OUR_VERSION = 2
# Lossless formats have one right answer; these libraries round in their own ways.
LIBRARIES = ("jpg", "libjpeg_turbo", "webp", "avif", "libtiff")


@cache
def decoders() -> dict[str, str]:
    """Everything that may change a decoded pixel, with its version; the processor's kind, for homes that are shared."""
    from PIL import __version__, features

    known = {*features.codecs, *features.modules, *features.features}
    libraries = {name: features.version(name) or "" for name in LIBRARIES if name in known and features.check(name)}
    heif = {"pillow_heif": version("pillow_heif")} if find_spec("pillow_heif") else {}
    return {"zoo": str(OUR_VERSION), "pillow": __version__, **libraries, **heif, "processor": platform.machine()}


def decoder_version() -> str:
    """A name for all of them that may be a folder's."""
    digest = hashlib.sha256(json.dumps(decoders(), sort_keys=True).encode()).hexdigest()
    return f"v{OUR_VERSION}-{digest[:12]}"
