"""Fetches axe-core from npm's registry for the tests of accessibility: `python -m tests.fetch_axe`.

It is not kept in the repository: 600 kB of another project, under the MPL-2.0.
"""

from __future__ import annotations

import base64
import hashlib
import io
import sys
import tarfile
from urllib.request import urlopen

from tests.browser import AXE

VERSION = "4.14.1"
SOURCE = f"https://registry.npmjs.org/axe-core/-/axe-core-{VERSION}.tgz"
# As npm has it: what comes is this file, or nothing is written.
INTEGRITY = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="


def main() -> int:
    """Write axe.min.js where the tests look for it."""
    with urlopen(SOURCE, timeout=60) as answer:
        content = answer.read()
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    if digest != INTEGRITY:
        print(f"error: {SOURCE} is not the file that was expected", file=sys.stderr)
        return 1
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        script = archive.extractfile("package/axe.min.js")
        assert script is not None, "every version has it"
        AXE.parent.mkdir(parents=True, exist_ok=True)
        AXE.write_bytes(script.read())
    print(AXE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
