"""Which words about a CPU are refused in a model.toml and in a device profile."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeassay.errors import ConfigError
from suites.meta.cpus import BOARD, DEVIATION, GENERAL, INTEL, LIMIT, limit_for, planned
from suites.meta.project import DEVICE_TOML, MODEL_TOML

WRONG = [
    ('isa = "amx_int9"', ".isa = 'amx_int9' is unknown; did you mean 'amx_int8'?"),
    ('isa = ["avx2", "amx-int8"]', ".isa = 'amx-int8' is unknown; did you mean 'amx_int8'?"),
    ('isa = "AMX_INT8"', ".isa = 'AMX_INT8' is unknown; did you mean 'amx_int8'?"),
    ("isa = []", ".isa names no instruction set; name one, or leave the key out"),
    ("isa = 8", ".isa = 8 is not valid: write the name of an instruction set, such as"),
    ('isa = ["avx2", 5]', ".isa.1 = 5 is not valid: write the name of an instruction set, such as"),
    ("cpu_vendor = 5", ".cpu_vendor = 5 is not valid: write a text, such as"),
    (
        'cpu_vendor = "GenuinIntel"',
        ".cpu_vendor = 'GenuinIntel' is unknown; write GenuineIntel, AuthenticAMD, ",
    ),
    ('cpu_family = "zen5"', ".cpu_family = 'zen5' is not a family; write a number or"),
    ('cpu_family = "06"', ".cpu_family = '06' is not a family; write a number or"),
    ('cpu_vendor = "0x041"', ".cpu_vendor = '0x041' is unknown; write GenuineIntel, "),
    ("cpu_family = true", ".cpu_family = True is not valid: write a family, such as 6"),
    (
        'architecture = "aarch64"\nisa = "amx_int8"',
        " names aarch64, amx_int8, which no CPU has together",
    ),
    ('isa = ["avx2", "asimd"]', " names avx2, asimd, which no CPU has together"),
    (
        'cpu_vendor = "0x61"\ncpu_family = "0x41/0xd0b"',
        " names 0x61, family 0x41/0xd0b, which no CPU has together",
    ),
    ('isas = "avx2"', "unknown key '{}.isas'; did you mean 'isa'?"),
]


@pytest.mark.parametrize(("words", "said"), WRONG)
@pytest.mark.parametrize("table", ["deviation", "limit"])
def test_words_that_no_cpu_has_are_refused_in_a_model(
    tmp_path: Path, table: str, words: str, said: str
) -> None:
    entry = DEVIATION.format(words) if table == "deviation" else LIMIT.format(2.0, words)
    with pytest.raises(ConfigError) as caught:
        planned(tmp_path, INTEL, MODEL_TOML + entry)
    told = str(caught.value)
    assert told.startswith("tiny/model.toml:")
    assert told.count("\n") == 0
    place = f"{table}.0" if "{}" in said or "not valid" in said else f"{table}[0]"
    assert (said.format(place) if "{}" in said else f"{place}{said}") in told


@pytest.mark.parametrize(("words", "said"), WRONG)
def test_words_that_no_cpu_has_are_refused_in_a_profile(
    tmp_path: Path, words: str, said: str
) -> None:
    device = DEVICE_TOML.replace('architecture = "*"\n', f"{words}\n")
    with pytest.raises(ConfigError) as caught:
        planned(tmp_path, INTEL, device=device)
    told = str(caught.value)
    assert told.startswith("bench.toml: ")
    assert (said.format("match") if "{}" in said else f"match{said}") in told


def test_two_limits_of_which_neither_goes_first_are_refused(tmp_path: Path) -> None:
    one, two = (LIMIT.format(v, f'isa = "{n}"') for v, n in ((2.0, "avx2"), (3.0, "amx_int8")))
    with pytest.raises(
        ConfigError, match=r"limit\[1\].* \(amx_int8\) .*limit\[0\].* \(avx2\), and neither"
    ):
        planned(tmp_path, INTEL, GENERAL + one + two)
    with pytest.raises(ConfigError, match="is for the same; leave one"):
        planned(tmp_path, INTEL, GENERAL + one + one)
    swapped = (LIMIT.format(2.0, f"isa = {n}") for n in ('["fma", "avx2"]', '["avx2", "fma"]'))
    twice = GENERAL + "".join(swapped)
    with pytest.raises(ConfigError, match="is for the same; leave one"):
        planned(tmp_path, INTEL, twice)
    arm = LIMIT.format(4.0, 'isa = "asimd"')
    assert limit_for(planned(tmp_path, BOARD, GENERAL + one + arm)) == 4.0
    named = ((5.0, "GenuineIntel"), (6.0, "0x41"))
    vendors = "".join(LIMIT.format(value, f'cpu_vendor = "{name}"') for value, name in named)
    assert limit_for(planned(tmp_path, BOARD, GENERAL + vendors)) == 6.0


@pytest.mark.parametrize(
    ("limit", "declared", "meet"),
    [
        ('isa = "amx_int8"', 'isa = "avx512_vnni"', True),
        ('isa = "amx_int8"', 'architecture = "x86_64"', True),
        ('isa = "amx_int8"', "", True),
        ('isa = "amx_int8"', 'architecture = "aarch64"', False),
        ('isa = "amx_int8"', 'isa = "asimd"', False),
        ('cpu_vendor = "GenuineIntel"', 'cpu_vendor = "AuthenticAMD"', False),
        ('cpu_vendor = "0x41"', 'isa = "amx_int8"', False),
        ('cpu_vendor = "0x61"', 'cpu_family = "0x41/0xd0b"', False),
        ('cpu_vendor = "0x41"', 'cpu_family = "0x41/0xd0b"', True),
        ("cpu_family = 6", 'cpu_family = "6/143"', True),
        ("cpu_family = 6", "cpu_family = 26", False),
        ("cpu_family = 6", 'cpu_family = "0x41/0xd0b"', False),
    ],
)
def test_a_deviation_that_meets_no_limit_on_any_cpu_is_refused(
    tmp_path: Path, limit: str, declared: str, *, meet: bool
) -> None:
    bare = MODEL_TOML.replace("latency_ratio = 50.0", "") + LIMIT.format(2.0, limit)
    text = bare + DEVIATION.format(declared)
    if meet:
        assert planned(tmp_path, INTEL, text)
        return
    with pytest.raises(ConfigError, match="no limit is set there"):
        planned(tmp_path, INTEL, text)
