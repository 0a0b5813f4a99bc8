"""The files of a pruned network: the same network, the same bytes.

Needs the [build] extra.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any, Final

from edgeassay.networks import load_network, save_half
from edgeassay.temporary import temporary_folder

# When it was saved is no part of a network.
DATED: Final = "metadata.json"
DATE: Final = (1980, 1, 1, 0, 0, 0)


def network_bytes(network: Any) -> tuple[bytes, Any]:
    """A network as a .keras, in half precision where its weights allow that, and the network that
    is read from it.
    """
    with temporary_folder() as folder:
        path = folder / "network.keras"
        try:
            save_half(network, path)
        except ValueError:  # too large for 16 bits
            network.save(path)
        path.write_bytes(undated(path.read_bytes()))
        return path.read_bytes(), load_network(path)


def undated(data: bytes) -> bytes:
    """The same archive without the time at which it was written."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as given, zipfile.ZipFile(written, "w") as made:
        for member in given.infolist():
            content = given.read(member)
            if member.filename == DATED:
                facts = json.loads(content)
                facts.pop("date_saved", None)
                content = json.dumps(facts, sort_keys=True).encode("utf-8")
            plain = zipfile.ZipInfo(member.filename, DATE)
            made.writestr(plain, content, compress_type=member.compress_type)
    return written.getvalue()
