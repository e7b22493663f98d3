"""One part of the page: what its template shows, and the same data for its script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """`template` is a file in templates/sections; it is given `data`, which has to be of what JSON knows, and `view`.

    The same data lie in the page as JSON, as `data-<id>`, for `assets/<id>.js` where there is such a script; `view` is
    what the template alone needs.
    """

    id: str
    title: str
    template: str
    data: Mapping[str, Any] = field(default_factory=dict)
    view: Mapping[str, Any] = field(default_factory=dict)
