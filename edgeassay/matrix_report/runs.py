"""Where the numbers came from: each run's machine, commit, versions, data and disturbances."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from edgeassay.matrix_report.rows import Row, Run, said
from edgeassay.report.results import CaseRecord
from edgeassay.runs.records import plain

SHORT = 12  # characters of a commit or a digest that are shown
GB = 1e9


def about_run(run: Run) -> Mapping[str, str]:
    """A run's facts, by what they are about."""
    results, cases = run.results, run.results.cases
    machine = results.machine
    commit = (results.commit or "no commit")[:SHORT]
    told = {
        "run": f"{results.started:%Y-%m-%d %H:%M} UTC, edgeassay {plain(results.edgeassay)}, commit"
        f" {plain(commit)}{', with uncommitted changes' if results.dirty else ''}",
        "machine": f"{said(machine.get('cpu_model'))}, {said(machine.get('architecture'))},"
        f" {said(machine.get('cpus'))} CPUs, fingerprint {run.fingerprint}",
        "system": f"{said(machine.get('system'))}, Python {said(machine.get('python'))}",
        "devices": _devices(cases, run),
        "runtimes": _runtimes(cases),
        "images": _images(cases),
        "timings": _disturbed(cases),
    }
    if gpus := machine.get("gpus"):
        told["GPUs"] = ", ".join(map(said, gpus if isinstance(gpus, list) else [gpus]))
    if results.command:
        told["command"] = shlex.join(["pytest", *results.command])
    if not results.complete:
        told["incomplete"] = "the run was cut short, and what it never came to is unmeasured"
    return {name: text for name, text in told.items() if text}


def _devices(cases: Sequence[CaseRecord], run: Run) -> str:
    """Each device that the run was about, with the architecture of its workers."""
    found: dict[str, dict[str, None]] = {c.case.device: {} for c in run.results.claims}
    for case in cases:
        architecture = case.architecture or case.worker.get("architecture")
        if architecture:
            found.setdefault(case.case.device, {})[said(architecture)] = None
    return "; ".join(
        f"{name} ({', '.join(known)})" if known else name for name, known in found.items()
    )


def _runtimes(cases: Sequence[CaseRecord]) -> str:
    """Each runtime with its package's version, and what it ran on where that has a name."""
    found: dict[str, dict[str, None]] = {}
    for case in cases:
        worker, loaded = case.worker, case.loaded
        if "runtime" in worker:
            words = f"{said(worker['runtime'])} {said(worker.get('runtime_version'))}"
            if case.options.get("threads", 1) != 1:
                words += f", {said(case.options['threads'])} threads"
            for key in ("adapter", "accelerator", "target", "compiler_version"):
                if key in loaded:
                    words += f", {key.replace('_', ' ')} {said(loaded[key])}"
            found.setdefault(case.case.runtime, {})[words] = None
    return "; ".join(f"{name}: {', '.join(known)}" for name, known in found.items())


def _images(cases: Sequence[CaseRecord]) -> str:
    """How many evaluation images AUCs are of, by model."""
    found: dict[str, str] = {}
    for case in cases:
        drawn, whole = case.evaluated_images, case.split_images
        if drawn is not None:
            sample = (
                f"a sample of {drawn:,} of {whole:,}"
                if whole not in (None, drawn)
                else f"{drawn:,}"
            )
            found[case.case.model] = f"{sample} evaluation images"
    return "; ".join(f"{model}: {words}" for model, words in found.items())


def _disturbed(cases: Sequence[CaseRecord]) -> str:
    """How many timings others disturbed, whose, and how."""
    total = sum(len(case.health) for case in cases)
    found = [
        (f"{case.case.variant} on {case.case.runtime} ({one.what})", one.excess)
        for case in cases
        for one in case.health
        if one.excess is not None
    ]
    if not total:
        return "nothing was timed"
    if not found:
        return f"{total} timings, none disturbed"
    names = "all of them" if len(found) == total else ", ".join(name for name, _ in found)
    return f"{len(found)} of {total} timings were disturbed: {names}; {said(found[0][1])}"


def about_files(rows: Sequence[Row]) -> list[str]:
    """Variants whose bytes differ between rows, so that what is compared isn't one file."""
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    for row in rows:
        if row.sha256 is not None:
            place = f"{row.case.runtime} ({row.place})"
            variants = found.setdefault((row.case.model, row.case.variant), {})
            variants.setdefault(row.sha256, []).append(place)
    return [
        f"{model} {variant} isn't the same file everywhere: "
        + "; ".join(
            f"{plain(digest[:SHORT])} on {', '.join(names)}" for digest, names in files.items()
        )
        for (model, variant), files in found.items()
        if len(files) > 1
    ]
