"""Places that can't be written: below a file, another user's, and on a full disk.

The tests may run as root, whom no permission keeps from writing. So what another user would meet is
a read-only mount, and a full disk is a tmpfs of one page that is filled: both in a mount namespace
of the command's own, which leaves nothing behind. They are real, where `/dev/full` is no folder and
RLIMIT_FSIZE is another error (EFBIG) of which pytest's own files would die first.
"""

from __future__ import annotations

from suites.meta.project import Project
from suites.meta.tinymodels import brightness, write_classifier
from suites.mistakes.breaking import model, together, written
from suites.mistakes.mistake import FULL, NEARLY_FULL, READ_ONLY, Mistake

BELOW_A_FILE = "{folder}/devices/bench.toml/below"
PLACE = "{folder}/place"


def unbuilt(project: Project) -> None:
    """Artifacts must be made, of a float .tflite."""
    project.prebuilt = False
    write_classifier(project.folder / "models/tiny/tiny.tflite", *brightness())


def buildable(project: Project) -> None:
    """The float artifact can be made without TensorFlow."""
    together(model("tiny.keras", "tiny.tflite"), unbuilt)(project)


def own_artifacts(project: Project) -> None:
    """Every variant is a file that the model.toml names."""
    together(
        model('method = "fp32"', 'artifact = "fp32.tflite"'),
        model('method = "int8", calibration_images = 8', 'artifact = "int8.tflite"'),
    )(project)
    for name in ("fp32", "int8"):
        path = project.artifacts / f"tiny/{name}.tflite"
        written(f"models/tiny/{name}.tflite", path.read_bytes())(project)


BELOW = (
    Mistake(
        id="results-below-a-file",
        command=("pytest", f"--assay-json={BELOW_A_FILE}/results.json"),
        code=4,
        what="can't be written: Not a directory",
        where="bench.toml/below",
        remedy="choose another place",
    ),
    Mistake(
        id="results-is-a-folder",
        command=("pytest", "--assay-json={folder}/devices"),
        code=4,
        what="can't be written: Is a directory",
        where="/devices",
        remedy="choose another place",
    ),
    Mistake(
        id="results-in-proc",
        command=("pytest", "--assay-json=/proc/1/results.json"),
        code=4,
        what="can't be written",
        where="/proc/1",
        remedy="choose another place",
    ),
    Mistake(
        id="predictions-below-a-file",
        command=("pytest", f"--predictions={BELOW_A_FILE}"),
        code=4,
        what="can't be written: Not a directory",
        where="bench.toml/below",
        remedy="choose another place",
    ),
    Mistake(
        id="prediction-cache-below-a-file",
        command=("pytest", f"--prediction-cache={BELOW_A_FILE}"),
        code=4,
        what="can't be written: Not a directory",
        where="bench.toml/below",
        remedy="choose another place",
    ),
    Mistake(
        id="artifact-cache-below-a-file",
        broken=buildable,
        command=("pytest", f"--artifact-cache={BELOW_A_FILE}", "--variant=fp32"),
        code=4,
        what="can't be used: Not a directory",
        where="the artifact cache",
        remedy="choose another with --artifact-cache",
    ),
    Mistake(
        id="out-below-a-file",
        broken=own_artifacts,
        command=("edgeassay", "build", "--out", BELOW_A_FILE),
        code=2,
        what="can't be written: Not a directory",
        where="bench.toml/below/tiny/fp32",
        remedy="choose another place",
    ),
    Mistake(
        id="models-dir-below-a-file",
        command=(
            *("edgeassay", "init", "mine", "--models-dir", BELOW_A_FILE),
            *("--artifact", "fp32={folder}/artifacts/tiny/fp32.tflite"),
        ),
        code=2,
        what="can't be made: Not a directory",
        where="bench.toml/below",
        remedy="choose another place",
    ),
)

READ_ONLY_DISK = (
    Mistake(
        id="results-read-only",
        command=("pytest", f"--assay-json={PLACE}/results.json"),
        place=READ_ONLY,
        code=4,
        what="can't be written: Read-only file system",
        where="/place",
        remedy="choose another place",
    ),
    Mistake(
        id="predictions-read-only",
        command=("pytest", f"--predictions={PLACE}/scores"),
        place=READ_ONLY,
        code=4,
        what="can't be written: Read-only file system",
        where="/place/scores",
        remedy="choose another place",
    ),
    Mistake(
        id="prediction-cache-read-only",
        command=("pytest", f"--prediction-cache={PLACE}"),
        place=READ_ONLY,
        code=4,
        what="can't be written: Read-only file system",
        where="/place",
        remedy="choose another place",
    ),
    Mistake(
        id="artifact-cache-read-only",
        broken=buildable,
        command=("pytest", f"--artifact-cache={PLACE}", "--variant=fp32"),
        place=READ_ONLY,
        code=4,
        what="can't be used: Read-only file system",
        where="the artifact cache",
        remedy="choose another with --artifact-cache",
    ),
    Mistake(
        id="out-read-only",
        broken=own_artifacts,
        command=("edgeassay", "build", "--out", PLACE),
        place=READ_ONLY,
        code=2,
        what="can't be written: Read-only file system",
        where="/place/tiny/fp32.",
        remedy="choose another place",
    ),
    Mistake(
        id="models-dir-read-only",
        command=(
            *("edgeassay", "init", "mine", "--models-dir", PLACE),
            *("--artifact", "fp32={folder}/artifacts/tiny/fp32.tflite"),
        ),
        place=READ_ONLY,
        code=2,
        what="can't be made: Read-only file system",
        where="/place/mine",
        remedy="choose another place",
    ),
)

FULL_DISK = (
    Mistake(
        id="results-full-disk",
        command=("pytest", f"--assay-json={PLACE}/results.json", "suites/artifact"),
        place=FULL,
        code=4,
        what="can't be written: No space left on device",
        where="/place/results.json",
        remedy="make room, or choose another place",
    ),
    Mistake(
        id="predictions-full-disk",
        command=("pytest", f"--predictions={PLACE}", "suites/accuracy", "-k", "min_auc"),
        place=FULL,
        code=1,
        what="can't be written: No space left on device",
        where="/place/tiny-fp32-litert.csv",
        remedy="make room, or choose another place",
        said=99,
        verdict="unmeasured",
    ),
    Mistake(
        id="prediction-cache-full-disk",
        command=("pytest", f"--prediction-cache={PLACE}", "suites/accuracy", "-k", "min_auc"),
        place=FULL,
        code=1,
        what="can't be written: No space left on device",
        where="/place/tiny",
        remedy="make room, or choose another place",
        said=99,
        verdict="unmeasured",
    ),
    Mistake(
        id="artifact-cache-full-disk",
        broken=buildable,
        command=("pytest", f"--artifact-cache={PLACE}", "--variant=fp32"),
        place=FULL,
        code=4,
        what="can't be written: No space left on device",
        where="/place/tiny/fp32-",
        remedy="make room, or choose another place",
        needs="ai_edge_quantizer",
    ),
    Mistake(
        id="out-full-disk",
        broken=own_artifacts,
        command=("edgeassay", "build", "--out", PLACE),
        place=FULL,
        code=2,
        what="can't be written: No space left on device",
        where="/place/tiny/fp32.tflite",
        remedy="make room, or choose another place",
    ),
    Mistake(
        id="models-dir-full-disk",
        command=(
            *("edgeassay", "init", "mine", "--models-dir", PLACE),
            *("--artifact", "fp32={folder}/artifacts/tiny/fp32.tflite"),
        ),
        place=FULL,
        code=2,
        what="can't be written: No space left on device",
        where="/place/",
        remedy="make room, or choose another place",
    ),
    Mistake(
        id="temporary-folder-full-disk",
        broken=buildable,
        command=("edgeassay", "build", "--out", "out", "--variant", "fp32"),
        environment={"TMPDIR": PLACE},
        place=NEARLY_FULL,
        code=4,
        what="/place is full",
        where="tiny/fp32: tiny.tflite could not be converted",
        remedy="set TMPDIR to another folder",
        needs="ai_edge_quantizer",
    ),
)

MISTAKES = (*BELOW, *READ_ONLY_DISK, *FULL_DISK)
