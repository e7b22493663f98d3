"""Which files are taken for pictures, by the ends of their names; and what would read those that are not."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec

# Whatever Pillow was built with.
FORMATS = frozenset(
    {".jpg", ".jpeg", ".jfif", ".jpe", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm"}
)
# What this Pillow may lack, and what a person would do about it.
AVIF = frozenset({".avif"})
HEIF = frozenset({".heic", ".heif", ".hif"})
REMEDIES = {
    **dict.fromkeys(AVIF, "Pillow 11.3 and later read AVIF"),
    **dict.fromkeys(HEIF, "the package pillow-heif reads HEIC"),
    ".jxl": "convert JPEG XL to PNG",
    ".jp2": "convert JPEG 2000 to PNG",
    ".dng": "convert raw pictures to PNG",
}


@cache
def readable() -> frozenset[str]:
    """The suffixes that are read here, in lower case."""
    return FORMATS | (AVIF if _has_avif() else frozenset()) | (HEIF if find_spec("pillow_heif") else frozenset())


@cache
def enable_heif() -> None:
    """Let Pillow read HEIC, where its plugin is installed."""
    if find_spec("pillow_heif"):
        import_module("pillow_heif").register_heif_opener()


def remedy(suffix: str) -> str:
    """What would let files of this suffix be read; empty where nothing is known to."""
    return "" if suffix in readable() else REMEDIES.get(suffix, "")


def _has_avif() -> bool:
    from PIL import features

    return "avif" in features.modules and bool(features.check("avif"))
