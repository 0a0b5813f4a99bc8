"""Which claims a run makes, on which device, and what a deviation covers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from edgeassay.config import load_device, load_model
from edgeassay.errors import ConfigError
from edgeassay.machine import Machine
from edgeassay.matrix import Plan, plan
from edgeassay.recognition import matches, recognise
from edgeassay.spec import ClaimName, Match
from suites.meta.project import DEVICE_TOML, IN_A_YEAR, MODEL_TOML

MACHINE = Machine(
    fingerprint="abc",
    architecture="aarch64",
    cpu_model="ARM 0x41 0xd08 0x0",
    isa=(),
    cpus=4,
    cpu_quota=None,
    memory_bytes=1 << 30,
    hostname="board-1",
    system="Linux",
    python="3.11",
)


def make(
    tmp_path: Path, model: str = MODEL_TOML, device: str = DEVICE_TOML, **wanted: list[str]
) -> Plan:
    (tmp_path / "tiny").mkdir(exist_ok=True)
    (tmp_path / "tiny/model.toml").write_text(model)
    (tmp_path / "bench.toml").write_text(device)
    return plan(
        models={"tiny": load_model(tmp_path / "tiny", tmp_path)},
        devices={"bench": load_device(tmp_path / "bench.toml", tmp_path)},
        machine=MACHINE,
        **wanted,  # type: ignore[arg-type]
    )


def limits(made: Plan, claim: ClaimName) -> dict[str, float]:
    return {c.case.variant: c.limit.value for c in made.claims if c.name is claim}


def test_a_claim_without_a_limit_is_not_made(tmp_path: Path) -> None:
    made = make(tmp_path, MODEL_TOML.replace("mean_auc_drop = 0.05\n", ""))
    assert limits(made, ClaimName.MEAN_AUC_DROP) == {}
    assert limits(made, ClaimName.CLASS_AUC_DROP) == {}


def test_the_reference_makes_no_claim_about_itself(tmp_path: Path) -> None:
    made = make(tmp_path)
    assert limits(made, ClaimName.MEAN_AUC_DROP) == {"int8": 0.05}
    assert set(limits(made, ClaimName.MIN_AUC)) == {"fp32", "int8"}


def test_a_variants_limit_goes_before_the_general_one_and_the_devices_before_both(
    tmp_path: Path,
) -> None:
    own = MODEL_TOML + "min_auc = 0.8\n"
    assert limits(make(tmp_path, own), ClaimName.MIN_AUC) == {"fp32": 0.7, "int8": 0.8}
    device = DEVICE_TOML + "[limits.tiny.int8]\nmin_auc = 0.9\n"
    made = make(tmp_path, own, device)
    assert limits(made, ClaimName.MIN_AUC) == {"fp32": 0.7, "int8": 0.9}
    source = next(
        c.limit.source for c in made.claims if c.limit.value == 0.9 and c.name == "min_auc"
    )
    assert source == "bench.toml:limits.tiny.int8.min_auc"


def test_a_class_limit_goes_before_the_general_one(tmp_path: Path) -> None:
    text = MODEL_TOML.replace(
        "mean_auc_drop = 0.05",
        "class_auc_drop = { limit = 0.02, classes = { bright = 0.15 } }",
    )
    assert limits(make(tmp_path, text), ClaimName.CLASS_AUC_DROP) == {"int8": 0.15}


def test_only_what_is_wanted_is_planned(tmp_path: Path) -> None:
    made = make(tmp_path, wanted_variants=["int8"])
    assert {case.variant for case in made.cases} == {"int8"}
    with pytest.raises(ConfigError, match="unknown variant"):
        make(tmp_path, wanted_variants=["int4"])


def test_a_device_is_recognised_by_all_its_patterns(tmp_path: Path) -> None:
    device = make(tmp_path).device
    right = Match(architecture="aarch64", cpu_model="ARM 0x41*")
    assert matches(replace(device, match=right), MACHINE)
    assert not matches(replace(device, match=replace(right, hostname="board-2")), MACHINE)
    assert not matches(replace(device, match=Match()), MACHINE)


def test_the_particular_profile_goes_before_the_catch_all_and_two_are_refused(
    tmp_path: Path,
) -> None:
    device = make(tmp_path).device
    host = replace(device, id="host", match=Match(any=True))
    devices = {"host": host, "bench": device}
    assert recognise(devices, MACHINE, None) == (device, True)
    away = replace(device, match=Match(hostname="elsewhere"))
    assert recognise({"host": host, "bench": away}, MACHINE, None) == (host, True)
    assert recognise({"host": host, "bench": away}, MACHINE, "bench") == (away, False)
    twin = replace(device, id="twin")
    with pytest.raises(ConfigError, match="several device profiles"):
        recognise({"bench": device, "twin": twin}, MACHINE, None)


def test_what_is_on_request_has_claims_and_deviations_where_it_is_named(tmp_path: Path) -> None:
    text = with_deviation('variant = "int8"').replace("= 8 }", "= 8, on_request = true }")
    unasked, asked = make(tmp_path, text), make(tmp_path, text, wanted_variants=["int8"])
    assert {case.variant for case in unasked.cases} == {"fp32"}
    assert [claims for _, _, claims in unasked.deviations()] == [()]
    assert [[c.name for c in claims] for _, _, claims in asked.deviations()] == [["size_ratio"]]


def with_deviation(*lines: str) -> str:
    entry = ['claim = "size_ratio"', 'reason = "it is known"', f"expires = {IN_A_YEAR}", *lines]
    return MODEL_TOML + "\n[[deviation]]\n" + "\n".join(entry) + "\n"


@pytest.mark.parametrize(
    ("line", "covered"),
    [
        ('variant = "int8"', True),
        ('architecture = "aarch64"', True),
        ('architecture = "x86_64"', False),
        ('device = "bench"', True),
        ('runtime = "litert"', True),
    ],
)
def test_a_deviation_covers_what_it_names(tmp_path: Path, line: str, covered: bool) -> None:
    made = make(tmp_path, with_deviation(line))
    ((_, _, claims),) = made.deviations()
    assert bool(claims) is covered


def test_a_deviation_of_one_class_covers_no_other(tmp_path: Path) -> None:
    text = with_deviation('class = "bright"').replace(
        'claim = "size_ratio"', 'claim = "class_auc_drop"'
    )
    made = make(tmp_path, text.replace("min_auc = 0.7", "class_auc_drop = 0.17"))
    ((_, deviation, (claim,)),) = made.deviations()
    assert made.covers(deviation, claim)
    assert not made.covers(deviation, replace(claim, class_name="dark"))
    assert not made.covers(deviation, replace(claim, name=ClaimName.MEAN_AUC_DROP))


def test_a_deviation_holds_through_its_last_day(tmp_path: Path) -> None:
    made = make(tmp_path, with_deviation())
    (claim,) = (c for c in made.claims if c.name is ClaimName.SIZE_RATIO)
    last = date.fromisoformat(IN_A_YEAR)
    assert made.deviation_of(claim, last) is not None
    assert made.deviation_of(claim, last + timedelta(days=1)) is None


def test_a_deviation_from_no_limit_is_refused(tmp_path: Path) -> None:
    text = with_deviation().replace('"size_ratio"\nreason', '"class_auc_drop"\nreason')
    with pytest.raises(ConfigError, match="no limit is set there"):
        make(tmp_path, text)


def test_a_deviation_that_can_match_no_claim_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="it names the class 'bright', and size_ratio is about"):
        make(tmp_path, with_deviation('class = "bright"'))
    with pytest.raises(ConfigError, match="compares with 'fp32', the reference"):
        make(tmp_path, with_deviation('variant = "fp32"'))


def test_a_limit_that_can_make_no_claim_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="mean_auc_drop compares with 'fp32', the reference"):
        make(tmp_path, MODEL_TOML + "\n[limits.fp32]\nmean_auc_drop = 0.01\n")
    assert make(tmp_path, MODEL_TOML + "\n[limits.fp32]\nmin_auc = 0.51\n").claims


def test_a_deviation_on_an_unknown_device_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown device 'bensh'; did you mean 'bench'"):
        make(tmp_path, with_deviation('device = "bensh"'))


def test_device_limits_for_an_unknown_variant_or_class_are_refused(tmp_path: Path) -> None:
    limit = "[limits.tiny.itn8]\nlatency_p95_ms = 1.0\n"
    with pytest.raises(ConfigError, match="tiny has no variant 'itn8'; did you mean 'int8'"):
        make(tmp_path, device=DEVICE_TOML + limit)
    limit = "[limits.tiny.int8]\nclass_auc_drop = { limit = 0.1, classes = { brigth = 0.2 } }\n"
    with pytest.raises(ConfigError, match="tiny has no class 'brigth'; did you mean 'bright'"):
        make(tmp_path, device=DEVICE_TOML + limit)


def test_limits_for_an_unknown_model_are_refused(tmp_path: Path) -> None:
    device = DEVICE_TOML.replace("[limits.tiny]", "[limits.tinny]")
    with pytest.raises(ConfigError, match="unknown model 'tinny'; did you mean 'tiny'"):
        make(tmp_path, device=device)


PARTICULAR = """
[[limit]]
claim = "size_ratio"
limit = 0.5
{}

"""


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ('runtime = "litert"', 0.5),
        ('architecture = "aarch64"', 0.5),
        ('runtime = "tflite-runtime"', 0.9),
        ('architecture = "x86_64"', 0.9),
        ('variant = "fp32"\nruntime = "litert"', 0.9),
        ('variant = "int8"\narchitecture = "aarch64"', 0.5),
    ],
)
def test_a_limit_for_a_runtime_or_an_architecture_goes_before_a_wider_one(
    tmp_path: Path, named: str, expected: float
) -> None:
    general = MODEL_TOML.replace("[limits.int8]\nsize_ratio", "[limits.int8]\n#")
    general = general.replace("[limits]\n", "[limits]\nsize_ratio = 0.9\n")
    if 'variant = "fp32"' in named:  # it compares with itself in nothing
        with pytest.raises(ConfigError, match="'fp32', the reference"):
            make(tmp_path, general + PARTICULAR.format(named))
        return
    made = make(tmp_path, general + PARTICULAR.format(named))
    assert limits(made, ClaimName.SIZE_RATIO) == {"int8": expected}


def test_a_limit_for_a_variant_goes_before_one_for_a_runtime_and_that_before_an_architecture(
    tmp_path: Path,
) -> None:
    wider = PARTICULAR.format('architecture = "aarch64"').replace("0.5", "0.7")
    runtime = PARTICULAR.format('runtime = "litert"')
    bare = MODEL_TOML.replace("[limits.int8]\nsize_ratio", "[limits.int8]\n#")
    assert limits(make(tmp_path, bare + wider + runtime), ClaimName.SIZE_RATIO) == {"int8": 0.5}
    variant = PARTICULAR.format('variant = "int8"').replace("0.5", "0.6")
    made = make(tmp_path, bare + wider + runtime + variant)
    assert limits(made, ClaimName.SIZE_RATIO) == {"int8": 0.6}


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ('runtime = "litertt"', "unknown runtime; did you mean 'litert'"),
        ('architecture = "arm"', "unknown architecture"),
        ('variant = "int9"', "unknown variant; did you mean 'int8'"),
        ('class = "bright"', "leave `class` out"),
        ('model = "tiny"', "leave its `model` out"),
        ('variants = "int8"', "did you mean 'variant'"),
    ],
)
def test_a_particular_limit_for_nothing_there_is_refused(
    tmp_path: Path, named: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        make(tmp_path, MODEL_TOML + PARTICULAR.format(named))


def test_a_device_profile_sets_a_budget_for_one_runtime(tmp_path: Path) -> None:
    entry = PARTICULAR.format('model = "tiny"\nruntime = "litert-builtin"').replace(
        '"size_ratio"', '"latency_p95_ms"'
    )
    runtimes = ["litert", "litert-builtin"]
    made = make(tmp_path, device=DEVICE_TOML + entry, wanted_runtimes=runtimes)
    found = {c.case.runtime: c.limit for c in made.claims if c.name is ClaimName.LATENCY_P95_MS}
    assert {name: limit.value for name, limit in found.items()} == {
        "litert": 10000.0,
        "litert-builtin": 0.5,
    }
    assert found["litert-builtin"].source == "bench.toml:limit[0].limit"
    with pytest.raises(ConfigError, match="names no `model`"):
        make(tmp_path, device=DEVICE_TOML + entry.replace('model = "tiny"', ""))
    with pytest.raises(ConfigError, match="tiny has no runtime 'litert-builtn'"):
        make(tmp_path, device=DEVICE_TOML + entry.replace("builtin", "builtn"))


def test_a_runtime_of_the_catalogue_is_run_where_it_is_asked_for(tmp_path: Path) -> None:
    assert {case.runtime for case in make(tmp_path).cases} == {"litert"}
    made = make(tmp_path, wanted_runtimes=["litert-reference"])
    assert {case.runtime for case in made.cases} == {"litert-reference"}
    assert made.models["tiny"].runtimes["litert-reference"].kernels == "reference"
    with pytest.raises(ConfigError, match="did you mean 'litert-reference'"):
        make(tmp_path, wanted_runtimes=["litert-refrence"])


def test_parity_is_claimed_of_all_but_what_it_is_taken_against(tmp_path: Path) -> None:
    claimed = MODEL_TOML.replace("[limits]\n", "[limits]\nparity_difference = 0.1\n")
    runtimes = ["litert", "litert-builtin"]
    made = make(tmp_path, claimed, wanted_runtimes=runtimes)
    found = {c.case.runtime for c in made.claims if c.name is ClaimName.PARITY_DIFFERENCE}
    assert found == {"litert-builtin"}
    other = claimed + '\n[reference]\nruntime = "litert-builtin"\n'
    made = make(tmp_path, other, wanted_runtimes=runtimes)
    found = {c.case.runtime for c in made.claims if c.name is ClaimName.PARITY_DIFFERENCE}
    assert found == {"litert"}


def test_parity_is_not_claimed_of_what_runs_the_same_by_another_name(tmp_path: Path) -> None:
    claimed = MODEL_TOML.replace("[limits]\n", "[limits]\nparity_difference = 0.1\n")
    claimed = claimed.replace("litert = {}", "litert = {}\nalias = {}\ntwo = { threads = 2 }")
    claimed = claimed.replace("alias = {}", 'alias = { engine = "litert" }')
    request = DEVICE_TOML.replace('"bench"', '"again"').replace(
        'architecture = "*"', "on_request = true"
    )
    make(tmp_path, claimed)
    (tmp_path / "again.toml").write_text(request)
    devices = {
        name: load_device(tmp_path / f"{name}.toml", tmp_path) for name in ("again", "bench")
    }
    models = {"tiny": load_model(tmp_path / "tiny", tmp_path)}
    for wanted in (None, "bench", "again"):
        made = plan(models=models, devices=devices, machine=MACHINE, wanted_device=wanted)
        found = {c.case.runtime for c in made.claims if c.name is ClaimName.PARITY_DIFFERENCE}
        assert found == {"two"}


def test_two_limits_for_the_same_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"limit\[0\].*: .*limits.int8.size_ratio.* for the same"):
        make(tmp_path, MODEL_TOML + PARTICULAR.format('variant = "int8"'))
    entry = PARTICULAR.format('model = "tiny"\nruntime = "litert"')
    with pytest.raises(ConfigError, match=r"limit\[1\].*: .*limit\[0\].* for the same"):
        make(tmp_path, device=DEVICE_TOML + entry + entry)


@pytest.mark.parametrize(
    ("limit", "other"),
    [
        ('runtime = "litert"', 'runtime = "tflite-runtime"'),
        ('architecture = "aarch64"', 'architecture = "x86_64"'),
    ],
)
def test_a_deviation_where_only_another_runtime_or_architecture_has_a_limit_is_refused(
    tmp_path: Path, limit: str, other: str
) -> None:
    claimed = PARTICULAR.format(limit).replace('"size_ratio"', '"parity_lsb"')
    declared = (
        f'[[deviation]]\nclaim = "parity_lsb"\nreason = "it is known"\nexpires = {IN_A_YEAR}\n'
    )
    make(tmp_path, MODEL_TOML + claimed + declared + limit + "\n")
    with pytest.raises(ConfigError, match="no limit is set there"):
        make(tmp_path, MODEL_TOML + claimed + declared + other + "\n")


@pytest.mark.parametrize("engine", ["litert", "tflite-runtime", "tensorflow", "ethos-u"])
def test_an_accelerator_that_an_engine_would_leave_alone_is_refused(
    tmp_path: Path, engine: str
) -> None:
    target = ', target = "ethos-u55-128"' if engine == "ethos-u" else ""
    text = f'litert = {{ engine = "{engine}", accelerator = "gpu"{target} }}'
    with pytest.raises(ConfigError, match="would run it on the CPU; use litert-compiled"):
        make(tmp_path, MODEL_TOML.replace("litert = {}", text))


def test_a_worker_that_is_one_word_is_refused(tmp_path: Path) -> None:
    text = DEVICE_TOML.replace('["{python}"]', '"python3"')
    with pytest.raises(ConfigError, match=r"litert = .python3. .* must be a command"):
        make(tmp_path, device=text)


def test_a_device_on_request_is_taken_only_where_it_is_named(tmp_path: Path) -> None:
    board = DEVICE_TOML.replace('"bench"', '"board"').replace(
        'architecture = "*"', "on_request = true"
    )
    claimed = MODEL_TOML.replace("[limits]\n", "[limits]\nparity_difference = 0.1\n")
    make(tmp_path, claimed)
    (tmp_path / "board.toml").write_text('architecture = "riscv64"\n' + board)
    devices = {
        name: load_device(tmp_path / f"{name}.toml", tmp_path) for name in ("board", "bench")
    }
    models = {"tiny": load_model(tmp_path / "tiny", tmp_path)}
    assert recognise(devices, MACHINE, None)[0].id == "bench"
    with pytest.raises(ConfigError, match="no device profile recognises this machine"):
        recognise({"board": devices["board"]}, MACHINE, None)
    made = plan(models=models, devices=devices, machine=MACHINE, wanted_device="board")
    assert made.device_present
    assert made.architecture == "riscv64"
    assert {made.parity_of(case) for case in made.cases} == {
        replace(case, device="bench") for case in made.cases
    }
    assert any(c.name is ClaimName.PARITY_DIFFERENCE for c in made.claims)


def test_a_devices_own_runtimes_go_before_the_catalogues_and_run_where_they_are_named(
    tmp_path: Path,
) -> None:
    own = DEVICE_TOML.replace(
        "[limits.tiny]",
        '[runtimes.ethos-u]\ntarget = "ethos-u65-256"\n\n[runtimes.next]\nengine = "ethos-u"\n'
        'target = "ethos-u85-512"\n\n[[limit]]\nmodel = "tiny"\nclaim = "npu_sram_kb"\n'
        'runtime = "next"\nlimit = 100\n\n[limits.tiny]',
    )
    made = make(tmp_path, device=own, wanted_runtimes=["ethos-u", "next"])
    found = {case.runtime: made.models["tiny"].runtimes[case.runtime] for case in made.cases}
    assert {name: spec.target for name, spec in found.items()} == {
        "ethos-u": "ethos-u65-256",
        "next": "ethos-u85-512",
    }
    assert {c.case.runtime for c in made.claims if c.name is ClaimName.NPU_SRAM_KB} == {"next"}
    assert {case.runtime for case in make(tmp_path, device=own).cases} == {"litert"}
    usual = make(tmp_path, wanted_runtimes=["ethos-u"]).models["tiny"].runtimes["ethos-u"]
    assert usual.target == "ethos-u55-128"
    theirs = MODEL_TOML.replace("litert = {}", 'ethos-u = { target = "ethos-u55-32" }')
    assert make(tmp_path, theirs, own).models["tiny"].runtimes["ethos-u"].target == "ethos-u55-32"
    with pytest.raises(ConfigError, match="has no runtime 'nxt'"):
        make(tmp_path, device=own.replace('runtime = "next"', 'runtime = "nxt"'))
