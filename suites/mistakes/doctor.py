"""Mistakes in what `edgeassay doctor` is told."""

from __future__ import annotations

from suites.mistakes.breaking import DEVICE, changed
from suites.mistakes.mistake import READ_ONLY, Mistake

DOCTOR = ("edgeassay", "doctor")
PROFILES = ("--devices-dir", "devices")

MISTAKES = (
    Mistake(
        id="doctor-unknown-device",
        command=(*DOCTOR, *PROFILES, "--device", "bensh"),
        code=2,
        what="unknown device",
        where="--device bensh",
        remedy="did you mean 'bench'?",
    ),
    Mistake(
        id="doctor-no-such-folder",
        command=(*DOCTOR, "--devices-dir", "nowhere"),
        code=2,
        what="the devices folder nowhere doesn't exist",
        where="nowhere",
        remedy="--devices-dir takes a folder with <id>.toml in it",
    ),
    Mistake(
        id="doctor-empty-folder",
        command=(*DOCTOR, "--devices-dir", "place"),
        code=2,
        what="no device profile",
        where="place",
        remedy="(*.toml)",
    ),
    Mistake(
        id="doctor-misspelt-key",
        broken=changed(DEVICE, "[workers]", "[worker]"),
        command=(*DOCTOR, *PROFILES),
        code=2,
        what="unknown key 'worker'",
        where="bench.toml",
        remedy="did you mean 'workers'?",
    ),
    Mistake(
        id="doctor-json-folder",
        command=(*DOCTOR, *PROFILES, "--json", "place"),
        code=2,
        what="place can't be written: Is a directory",
        where="place",
        remedy="choose another place",
    ),
    Mistake(
        id="doctor-json-read-only",
        command=(*DOCTOR, *PROFILES, "--json", "{folder}/place/doctor.json"),
        code=2,
        what="can't be written: Read-only file system",
        where="place/doctor.json",
        remedy="choose another place",
        place=READ_ONLY,
    ),
    Mistake(
        id="doctor-option-misspelt",
        command=(*DOCTOR, "--jsn", "out.json"),
        code=2,
        what="No such option",
        where="--jsn",
        remedy="edgeassay doctor --help",
    ),
)
