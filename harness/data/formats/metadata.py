"""Pictures without what is written about them: a bad comment, profile or EXIF block never costs a sound picture.

Only asked for once a file could not be read as it is. Nothing that makes up the pixels is touched.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8"
PNG_PICTURE = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
WEBP_PICTURE = (b"ALPH", b"VP8 ", b"VP8L", b"ANIM", b"ANMF")
WEBP_ALPHA_AND_ANIMATION = 0x12  # the flags in VP8X that do not speak of metadata
EXIF, ADOBE = 0xE1, 0xEE  # what turns the picture, and what says how its colours are coded
SCAN = 0xDA


def without_metadata(content: bytes) -> bytes | None:
    """The same picture without metadata; None where the format is another, or there was none."""
    if content.startswith(PNG):
        bare = PNG + b"".join(_png_chunks(content))
    elif content.startswith(JPEG):
        bare = JPEG + b"".join(_jpeg_segments(content))
    elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        chunks = b"WEBP" + b"".join(_webp_chunks(content))
        bare = b"RIFF" + len(chunks).to_bytes(4, "little") + chunks
    else:
        return None
    return bare if bare != content else None


def _png_chunks(content: bytes) -> Iterator[bytes]:
    """The chunks that make up the picture, and an EXIF block that is whole."""
    at = len(PNG)
    while at + 12 <= len(content):
        size, name = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        chunk = content[at : at + 12 + size]
        whole = zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")
        if name in PNG_PICTURE or (name == b"eXIf" and whole):
            yield chunk
        elif not whole:
            # Its length may be wrong too, and what it swallows the picture: that goes on at the next chunk we know.
            at = _next_png_chunk(content, at + 8)
            continue
        at += 12 + size


def _next_png_chunk(content: bytes, start: int) -> int:
    places = [content.find(name, start + 4) for name in PNG_PICTURE]
    return min((place - 4 for place in places if place >= 0), default=len(content))


def _jpeg_segments(content: bytes) -> Iterator[bytes]:
    """All segments but application data and comments; all that follows the first scan, as it is."""
    at = len(JPEG)
    while at + 4 <= len(content) and content[at] == 0xFF:
        kind = content[at + 1]
        if kind == SCAN:
            break
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        is_metadata = kind == 0xFE or 0xE1 <= kind <= 0xEF
        is_exif = kind == EXIF and content[at + 4 : at + 10] == b"Exif\0\0"
        if not is_metadata or kind == ADOBE or is_exif:
            yield content[at:end]
        at = end
    yield content[at:]


def _webp_chunks(content: bytes) -> Iterator[bytes]:
    at = 12
    while at + 8 <= len(content):
        name, size = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        end = at + 8 + size + size % 2
        if name == b"VP8X":
            flags = content[at + 8] & WEBP_ALPHA_AND_ANIMATION
            yield content[at : at + 8] + bytes([flags]) + content[at + 9 : end]
        elif name in WEBP_PICTURE:
            yield content[at:end]
        at = end
