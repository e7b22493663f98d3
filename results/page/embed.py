"""Data and scripts within a page, so that nothing in them ends the element that they stand in."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from results.tables.json_table import finite

# Within JSON these stand in strings only, where an escape means the same.
ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"}
ENDS_SCRIPT = re.compile(r"<(?=/script|script|!--)", re.IGNORECASE)


def embedded(data: Any) -> str:
    """`data` as JSON for a script element: ASCII without `<`, `>` and `&`; numbers that JSON lacks are null."""
    return json.dumps(finite(data), separators=(",", ":"), allow_nan=False).translate(ESCAPES)


def inline_script(code: str) -> str:
    """JavaScript for a script element: what would end it stands in strings and patterns only, and is escaped there."""
    return ENDS_SCRIPT.sub(r"\\x3c", code)


def source_hash(code: str) -> str:
    """How a content-security policy names an inline script."""
    digest = hashlib.sha256(code.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
