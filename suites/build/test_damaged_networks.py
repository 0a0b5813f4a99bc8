"""A .keras file that is damaged is one sentence, wherever the damage is."""

from __future__ import annotations

import json
from pathlib import Path

from suites.meta import commands

commands.needs("tensorflow", reason="the networks need the [build] extra")

SCRIPT = """
import io, json, sys, zipfile
from pathlib import Path
import keras
from keras import layers
from edgeassay.errors import ConfigError
from edgeassay.networks import open_network
path = Path(sys.argv[1], "net.keras")
keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(1)]).save(path)
whole = path.read_bytes()
with zipfile.ZipFile(path) as archive:
    members = {name: archive.read(name) for name in archive.namelist()}

def changed(name, before, after):
    assert before in members[name]
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for member, content in members.items():
            content = content.replace(before, after) if member == name else content
            archive.writestr(member, content)
    return made.getvalue()

config, weights = "config.json", "model.weights.h5"
copies = {
    "cut off": whole[:-200],
    "no archive": b"PK\\x03\\x04 and nothing else",
    "another byte": whole.replace(b'"Dense"', b'"Dance"', 1),
    "no number": changed(config, b'"units": 1', b'"units": {}'),
    "too many numbers": changed(config, b'"units": 1', b'"units": 99999999999999'),
    "no list": changed(config, b'"layers": [', b'"layers": 5, "l": ['),
    "another layer": changed(config, b'"Dense"', b'"Dance"'),
    "no HDF5": changed(weights, members[weights][:8], b"no HDF5 "),
    "weights cut off": changed(weights, members[weights][-900:], b""),
}
found = {}
open_network(path)
for name, copy in copies.items():
    path.write_bytes(copy)
    try:
        open_network(path)
    except ConfigError as error:
        found[name] = str(error)
print(json.dumps([sorted(copies), found]))
"""


def test_damage_is_a_sentence(tmp_path: Path) -> None:
    copies, found = json.loads(commands.python(SCRIPT, str(tmp_path)).splitlines()[-1])
    assert sorted(found) == copies
    for sentence in found.values():
        assert sentence.startswith(f"{tmp_path}/net.keras can't be loaded by Keras (")
        assert sentence.endswith("); save it anew")
        assert "\n" not in sentence
    assert "no whole archive: File is not a zip file" in found["cut off"]
    assert "'config.json' isn't as it was written" in found["another byte"]
