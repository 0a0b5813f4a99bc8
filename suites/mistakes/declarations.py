"""Mistakes in model.toml and in a device profile."""

from __future__ import annotations

import shutil

from suites.meta.project import MODEL_TOML, Project
from suites.mistakes.breaking import (
    DATA,
    DEVICE,
    MODEL,
    PREPROCESS,
    appended,
    changed,
    folder,
    model,
    written,
)
from suites.mistakes.mistake import Mistake

HERE = "models/tiny/model.toml"
DEVIATION = """
[[deviation]]
claim = "mean_auc_drop"
{name} = "{value}"
reason = "known"
expires = {expires}
"""


def deviation(name: str = "variant", value: str = "int8", expires: str = "2999-01-01") -> str:
    return DEVIATION.format(name=name, value=value, expires=expires)


def twice(project: Project) -> None:
    """A second folder of models has a model of the same id."""
    shutil.copytree(project.folder / "models", project.folder / "more")


MISTAKES = (
    Mistake(
        id="toml-syntax",
        broken=appended(MODEL, "\n[limits\n"),
        code=4,
        what="is no valid TOML",
        where=HERE,
        remedy="line 33",
    ),
    Mistake(
        id="toml-empty",
        broken=written(MODEL, ""),
        code=4,
        what="the key 'id' is missing",
        where=HERE,
        remedy="add it",
    ),
    Mistake(
        id="toml-not-utf8",
        broken=written(MODEL, MODEL_TOML.replace("bright", "h\xe4ll").encode("latin-1")),
        code=4,
        what="is no text in UTF-8",
        where=HERE,
        remedy="save it again in UTF-8",
    ),
    Mistake(
        id="toml-folder",
        broken=folder(MODEL),
        code=4,
        what="can't be read: Is a directory",
        where=HERE,
        remedy="mend",
    ),
    Mistake(
        id="toml-key-twice",
        broken=model("min_auc = 0.7", "min_auc = 0.7\nmin_auc = 0.8"),
        code=4,
        what="Cannot overwrite a value",
        where=HERE,
        remedy="line 27",
    ),
    Mistake(
        id="toml-number-of-5000-digits",
        broken=model("min_auc = 0.7", "min_auc = " + "9" * 5000),
        code=4,
        what="is no valid TOML",
        where=HERE,
        remedy="4300 digits",
    ),
    Mistake(
        id="toml-nested-without-end",
        broken=appended(MODEL, "\nx = " + "[" * 5000),
        code=4,
        what="is no valid TOML",
        where=HERE,
        remedy="nested too deeply",
    ),
    Mistake(
        id="toml-unknown-key",
        broken=model("label =", "lable ="),
        code=4,
        what="unknown key 'data.lable'",
        where=HERE,
        remedy="did you mean 'label'?",
    ),
    Mistake(
        id="toml-unknown-table",
        broken=model("[limits]", "[limts]"),
        code=4,
        what="unknown key 'limts'",
        where=HERE,
        remedy="did you mean 'limits'?",
    ),
    Mistake(
        id="toml-unknown-claim",
        broken=model("min_auc", "minimal_auc"),
        code=4,
        what="unknown key 'limits.minimal_auc'",
        where=HERE,
        remedy="did you mean 'min_auc'?",
    ),
    Mistake(
        id="toml-wrong-type",
        broken=model("[8, 8]", '"8x8"'),
        code=4,
        what="preprocess.size = '8x8' is not valid",
        where=HERE,
        remedy="it must be several values in brackets, such as [224, 224]",
    ),
    Mistake(
        id="toml-missing-key",
        broken=model('id = "tiny"\n', ""),
        code=4,
        what="the key 'id' is missing",
        where=HERE,
        remedy="add it",
    ),
    Mistake(
        id="toml-bad-value",
        broken=model('"grey"', '"gray"'),
        code=4,
        what="preprocess.color = 'gray' is not valid",
        where=HERE,
        remedy="'grey' or 'rgb'",
    ),
    Mistake(
        id="toml-size-of-no-machine",
        broken=model("[8, 8]", "[1000000, 1000000]"),
        code=4,
        what="preprocess.size",
        where=HERE,
        remedy="from 1 to 32,768",
    ),
    Mistake(
        id="toml-threads-of-no-machine",
        broken=model("litert = {}", "litert = { threads = 99999999999999999999 }"),
        code=4,
        what="runtimes.litert.threads",
        where=HERE,
        remedy="from 1 to 1,024",
    ),
    Mistake(
        id="toml-limit-nan",
        broken=model("min_auc = 0.7", "min_auc = nan"),
        code=4,
        what="limits.min_auc = nan is not valid",
        where=HERE,
        remedy="it must be a finite number",
    ),
    Mistake(
        id="toml-limit-text",
        broken=model("limit = 0.9", 'limit = "0.9"'),
        code=4,
        what="limits.int8.size_ratio = '0.9' is not valid",
        where=HERE,
        remedy="it must be a finite number",
    ),
    Mistake(
        id="toml-flag-false",
        broken=model("loads = true", "loads = false"),
        code=4,
        what="limits.loads = False is not valid",
        where=HERE,
        remedy="leave it out",
    ),
    Mistake(
        id="toml-label-and-labels",
        broken=model("positive =", 'labels = ["finding"]\npositive ='),
        code=4,
        what="must have either `label` or `labels`",
        where=HERE,
        remedy="[data]",
    ),
    Mistake(
        id="toml-method-and-artifact",
        broken=model('method = "fp32"', 'method = "fp32", artifact = "fp32.tflite"'),
        code=4,
        what="variants.fp32 must have either `method`",
        where=HERE,
        remedy="or `artifact`",
    ),
    Mistake(
        id="toml-data-without-preprocess",
        broken=model(PREPROCESS, ""),
        code=4,
        what="[data] needs [preprocess]",
        where=HERE,
        remedy="add color and size",
    ),
    Mistake(
        id="toml-int8-without-data",
        broken=model(DATA, ""),
        code=4,
        what="variant 'int8' needs calibration images",
        where=HERE,
        remedy="leave the variant out",
    ),
    Mistake(
        id="toml-weights-h5",
        broken=model("tiny.keras", "tiny.h5"),
        code=4,
        what="weights = 'tiny.h5' can't be read",
        where=HERE,
        remedy="save it as .keras",
    ),
    Mistake(
        id="toml-unknown-method",
        broken=model('method = "int8"', 'method = "int4"'),
        code=4,
        what="variants.int8.method = 'int4' is unknown",
        where=HERE,
        remedy="known: fp32, drq",
    ),
    Mistake(
        id="toml-unknown-source",
        broken=model('"image-csv"', '"image-cvs"'),
        code=4,
        what="data.source must be one of phantom, image-csv",
        where=HERE,
        remedy="'image-cvs'",
    ),
    Mistake(
        id="toml-dangling-reference",
        broken=appended(MODEL, '\n[reference]\nvariant = "float"\n'),
        code=4,
        what="[variants] has no 'float', the reference",
        where=HERE,
        remedy="name another",
    ),
    Mistake(
        id="toml-dangling-limits",
        broken=model("[limits.int8]", "[limits.int9]"),
        code=4,
        what="unknown key 'limits.int9'",
        where=HERE,
        remedy="did you mean 'int8'?",
    ),
    Mistake(
        id="toml-dangling-deviation",
        broken=appended(MODEL, deviation("runtime", "litter")),
        code=4,
        what="deviation names the runtime 'litter'",
        where=HERE,
        remedy="did you mean 'litert'?",
    ),
    Mistake(
        id="toml-dangling-device",
        broken=appended(MODEL, deviation("device", "bensh")),
        code=4,
        what="unknown device 'bensh'",
        where=f"{HERE}:deviation[0]",
        remedy="did you mean 'bench'?",
    ),
    Mistake(
        id="toml-budget-in-the-model",
        broken=model("min_auc = 0.7", "latency_p95_ms = 5.0"),
        code=4,
        what="a budget in milliseconds belongs to a device",
        where=f"{HERE}:limits.latency_p95_ms",
        remedy="under [limits.tiny]",
    ),
    Mistake(
        id="toml-another-id",
        broken=model('id = "tiny"', 'id = "tinny"'),
        code=4,
        what="id = 'tinny', and the folder is 'tiny'",
        where=HERE,
        remedy="make them equal",
    ),
    Mistake(
        id="toml-two-models-of-an-id",
        broken=twice,
        command=("pytest", "--models-dir={folder}/more"),
        code=4,
        what="both declare 'tiny'",
        where="more/tiny/model.toml",
        remedy="rename one",
    ),
    Mistake(
        id="profile-rounds-zero",
        broken=changed(DEVICE, "\nrounds = 30", "\nrounds = 0"),
        code=4,
        what="timing.rounds = 0 must be",
        where="devices/bench.toml",
        remedy="from 1 to",
    ),
    Mistake(
        id="profile-timeout-without-end",
        broken=changed(DEVICE, "timeout_s = 20.0", "timeout_s = 1e300"),
        code=4,
        what="timing.timeout_s = 1e+300 must be",
        where="devices/bench.toml",
        remedy="86,400",
    ),
    Mistake(
        id="profile-tolerance-negative",
        broken=changed(DEVICE, "free_cpus = 0.0", "free_cpus = -1"),
        code=4,
        what="tolerance.free_cpus = -1.0 must be",
        where="devices/bench.toml",
        remedy="from 0.0 to 1,024",
    ),
    Mistake(
        id="profile-tolerance-misspelt",
        broken=changed(DEVICE, "swapped_mb", "swaped_mb"),
        code=4,
        what="unknown key 'tolerance.swaped_mb'",
        where="devices/bench.toml",
        remedy="did you mean 'swapped_mb'?",
    ),
    Mistake(
        id="profile-another-model",
        broken=changed(DEVICE, "[limits.tiny]", "[limits.tinny]"),
        code=4,
        what="limits for an unknown model 'tinny'",
        where="devices/bench.toml",
        remedy="did you mean 'tiny'?",
    ),
    Mistake(
        id="profile-no-command",
        broken=changed(DEVICE, '["{python}"]', "[]"),
        code=4,
        what="workers.litert must be the command of a worker",
        where="devices/bench.toml",
        remedy='such as ["{python}"]',
    ),
    Mistake(
        id="deviation-expired",
        broken=appended(MODEL, deviation(expires="2001-01-01")),
        command=("pytest", "suites/deviations", "suites/artifact", "--require-measured"),
        environment={"EDGEASSAY_DATA": ""},
        code=1,
        what="the deviation expired on 2001-01-01",
        where=f"{HERE}:deviation[0]",
        remedy="review it anew",
        said=2,
        verdict=None,
    ),
)
