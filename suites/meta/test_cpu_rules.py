"""Which CPUs limits, deviations and profiles are about, on three machines."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import pytest

from edgeassay.config import load_device, load_devices, load_models
from edgeassay.errors import ConfigError
from edgeassay.machine import Machine, processor_of
from edgeassay.matrix import plan
from edgeassay.recognition import matches, recognise
from edgeassay.spec import (
    ARCHITECTURES,
    INSTRUCTION_SETS,
    ClaimName,
    CpuRule,
    Match,
    Processor,
)
from suites.meta.cpus import AMD, BOARD, DEVIATION, GENERAL, INTEL, LIMIT, limit_for, planned
from suites.meta.project import DEVICE_TOML, MODEL_TOML, ROOT

TODAY = date(2026, 11, 30)
RULES = [
    ('isa = "amx_int8"', (INTEL,)),
    ('isa = ["avx512_vnni"]', (INTEL, AMD)),
    ('isa = ["avx512_vnni", "amx_int8"]', (INTEL,)),
    ('isa = ["amx_int8", "avx512_fp16"]\narchitecture = "x86_64"', (INTEL,)),
    ('isa = "asimddp"', (BOARD,)),
    ('isa = "sve"', ()),
    ('architecture = "x86_64"', (INTEL, AMD)),
    ('cpu_vendor = "GenuineIntel"', (INTEL,)),
    ('cpu_vendor = "AuthenticAMD"\nisa = "amx_int8"', ()),
    ('cpu_vendor = "0x41"', (BOARD,)),
    ("cpu_family = 6", (INTEL,)),
    ('cpu_family = "26"', (AMD,)),
    ('cpu_family = "6/143"', (INTEL,)),
    ('cpu_family = "6/14"', ()),
    ('cpu_family = "0x41/0xd0b"', ()),  # its small cores are of another kind
]


@pytest.mark.parametrize(("words", "fitting"), RULES)
@pytest.mark.parametrize("machine", [INTEL, AMD, BOARD], ids=["intel", "amd", "board"])
def test_a_deviation_covers_claims_on_the_cpus_that_it_names(
    tmp_path: Path, machine: Machine, words: str, fitting: tuple[Machine, ...]
) -> None:
    made = planned(tmp_path, machine, MODEL_TOML + DEVIATION.format(words))
    ((_, deviation, covered),) = made.deviations()
    assert bool(covered) is (machine in fitting)
    (claim,) = (c for c in made.claims if c.name is ClaimName.LATENCY_RATIO)
    # Elsewhere the failure has no excuse.
    assert made.deviation_of(claim, TODAY) == (deviation if machine in fitting else None)


@pytest.mark.parametrize(("words", "fitting"), RULES)
@pytest.mark.parametrize("machine", [INTEL, AMD, BOARD], ids=["intel", "amd", "board"])
def test_a_limit_and_a_profile_hold_on_the_cpus_that_they_name(
    tmp_path: Path, machine: Machine, words: str, fitting: tuple[Machine, ...]
) -> None:
    made = planned(tmp_path, machine, GENERAL + LIMIT.format(2.0, words))
    assert limit_for(made) == (2.0 if machine in fitting else 50.0)
    profile = DEVICE_TOML.replace('architecture = "*"\n', f"{words}\n")
    (tmp_path / "bench.toml").write_text(profile)
    loaded = load_device(tmp_path / "bench.toml", tmp_path)
    assert matches(loaded, machine) is (machine in fitting)
    host = replace(loaded, id="host", match=Match(any=True))
    found, _ = recognise({"host": host, "bench": loaded}, machine, None)
    assert found.id == ("bench" if machine in fitting else "host")


def test_a_family_fits_where_every_kind_of_core_is_of_it() -> None:
    rule = CpuRule(family="0x41/0xd0b")
    assert rule.fits(processor_of(replace(BOARD, cores=("4 x 0x41/0xd0b",))))
    assert not rule.fits(processor_of(BOARD))
    assert not CpuRule(family="26").fits(Processor(architecture="x86_64"))


def test_a_limit_for_instruction_sets_goes_before_others_for_the_cpu(tmp_path: Path) -> None:
    """Whatever their order in the file: the most particular of those that fit."""
    words = [
        ('architecture = "x86_64"', 9.0),
        ('cpu_vendor = "GenuineIntel"', 8.0),
        ('cpu_vendor = "GenuineIntel"\narchitecture = "x86_64"', 7.0),
        ("cpu_family = 6", 6.0),
        ('cpu_family = "6/143"', 5.0),
        ('isa = "amx_int8"', 4.0),
        ('isa = "amx_int8"\narchitecture = "x86_64"', 3.0),
        ('isa = ["amx_int8", "amx_bf16"]', 2.0),
    ]
    for count in range(1, len(words) + 1):
        entries = [LIMIT.format(value, named) for named, value in words[:count]]
        for order in (entries, entries[::-1]):
            assert limit_for(planned(tmp_path, INTEL, GENERAL + "".join(order))) == 10.0 - count
    every = GENERAL + "".join(LIMIT.format(value, named) for named, value in words)
    assert limit_for(planned(tmp_path, AMD, every)) == 9.0
    assert limit_for(planned(tmp_path, BOARD, every)) == 50.0


def test_a_limit_for_a_runtime_goes_before_one_for_a_cpu_and_that_before_one_for_a_class(
    tmp_path: Path,
) -> None:
    cpu = LIMIT.format(2.0, 'isa = "amx_int8"')
    runtime = LIMIT.format(3.0, 'runtime = "litert"')
    assert limit_for(planned(tmp_path, INTEL, GENERAL + cpu + runtime)) == 3.0
    variant = LIMIT.format(4.0, 'variant = "int8"')
    assert limit_for(planned(tmp_path, INTEL, GENERAL + cpu + runtime + variant)) == 4.0
    classes = MODEL_TOML.replace("mean_auc_drop = 0.05", "class_auc_drop = 0.15")
    both = "".join(
        LIMIT.format(value, words).replace('"latency_ratio"', '"class_auc_drop"')
        for value, words in ((0.15, 'class = "bright"'), (0.1, 'isa = "amx_int8"'))
    )
    for machine, value in ((INTEL, 0.1), (AMD, 0.15)):
        made = planned(tmp_path, machine, classes + both)
        found = {c.limit.value for c in made.claims if c.name is ClaimName.CLASS_AUC_DROP}
        assert found == {value}


def test_a_device_profiles_limit_may_name_a_cpu_too(tmp_path: Path) -> None:
    entry = LIMIT.format(2.0, 'model = "tiny"\nisa = "amx_int8"')
    assert limit_for(planned(tmp_path, INTEL, device=DEVICE_TOML + entry)) == 2.0
    assert limit_for(planned(tmp_path, AMD, device=DEVICE_TOML + entry)) == 50.0


ELSEWHERE = {
    "another architecture": ('architecture = "x86_64"\n', ""),
    "an emulator": ("emulated = true\n", ""),
    "another machine": ("", 'command = ["ssh", "board", "python3"]\nfolder = "there"\n'),
}


@pytest.mark.parametrize("place", ELSEWHERE)
def test_of_a_cpu_elsewhere_only_the_architecture_is_known(tmp_path: Path, place: str) -> None:
    top, worker = ELSEWHERE[place]
    device = top + DEVICE_TOML
    if worker:
        device = device.replace('[workers]\nlitert = ["{python}"]', f"[workers.litert]\n{worker}")
    for words, known in (('isa = "amx_int8"', False), ('architecture = "x86_64"', True)):
        made = planned(tmp_path, INTEL, MODEL_TOML + DEVIATION.format(words), device)
        ((_, _, covered),) = made.deviations()
        assert bool(covered) is known
        made = planned(tmp_path, INTEL, GENERAL + LIMIT.format(2.0, words), device)
        assert limit_for(made) == (2.0 if known else 50.0)
    entry = LIMIT.format(2.0, 'model = "tiny"\nisa = "amx_int8"')
    with pytest.raises(ConfigError, match=r"bench.toml:limit\[0\].*only the architecture is known"):
        planned(tmp_path, INTEL, device=device + entry)
    named = DEVIATION.format('isa = "amx_int8"\ndevice = "bench"')
    with pytest.raises(ConfigError, match=r"deviation\[0\]: it names amx_int8, .* is known"):
        planned(tmp_path, INTEL, MODEL_TOML + named, device)


def test_one_worker_elsewhere_leaves_the_others_their_cpu(tmp_path: Path) -> None:
    device = DEVICE_TOML.replace(
        'litert = ["{python}"]',
        'litert = ["{python}"]\ntflite-runtime = { command = ["ssh", "board", "python3"],'
        ' folder = "there" }',
    )
    model = MODEL_TOML.replace("litert = {}", "litert = {}\ntflite-runtime = {}")
    made = planned(tmp_path, INTEL, model + DEVIATION.format('isa = "amx_int8"'), device)
    ((_, _, covered),) = made.deviations()
    assert {claim.case.runtime for claim in covered} == {"litert"}


# An Emerald Rapids whose AMX its guests don't get.
EMERALD = replace(INTEL, cores=("2 x 6/207",), isa=tuple(n for n in INTEL.isa if "amx" not in n))


SLOWER: Final = frozenset(
    {
        "breast-ultrasound-int8-litert",
        "pneumonia-mobilenetv2-int8-litert",
        "pneumonia-mobilenetv2-int8-pt-litert",
        "pneumonia-mobilenetv2-int8-qat-litert",
        "pneumonia-mobilenetv2-fragile-int8-litert",
        "pneumonia-mobilenetv2-fragile-int8-pt-litert",
        "pneumonia-mobilenetv2-fragile-int8-pt-qat-litert",
    }
)


@pytest.mark.parametrize(
    ("machine", "words", "slower"),
    [
        (INTEL, "amx_int8", SLOWER | {"pneumonia-densenet121-w4a8-litert"}),
        (EMERALD, "family 6/207", SLOWER),
        (AMD, "AuthenticAMD", {"pneumonia-densenet121-w4a8-litert"}),
        (BOARD, "", frozenset()),
    ],
    ids=["intel", "emerald", "amd", "board"],
)
def test_the_reference_models_declare_on_which_cpus_a_variant_is_slower(
    machine: Machine, words: str, slower: frozenset[str]
) -> None:
    models = load_models([ROOT / "models"], ROOT)
    devices = load_devices([ROOT / "fixtures/devices"], ROOT)
    made = plan(models=models, devices=devices, machine=machine)
    found = [(d, c) for _, d, claims in made.deviations() if d.cpu.names_more for c in claims]
    assert {c.case.id for _, c in found} == slower
    assert {str(d.cpu) for d, _ in found} == ({words} if words else set())
    assert all(c.name is ClaimName.LATENCY_RATIO for _, c in found)


def test_every_instruction_set_is_of_an_architecture() -> None:
    assert all(of and of <= set(ARCHITECTURES) for of in INSTRUCTION_SETS.values())
    for machine in (INTEL, AMD, BOARD):
        assert set(machine.isa) <= set(INSTRUCTION_SETS)
