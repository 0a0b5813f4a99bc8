"""A model card is what Hugging Face reads, and says no more than the results do."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from huggingface_hub import ModelCard

from edgeassay.errors import ConfigError
from edgeassay.matrix_report.rows import Run
from edgeassay.report.results import Results
from edgeassay.summary.card import model_card
from suites.meta.matrix_files import CaseFile, bounds, hostile, others, results, x86_run


def of(document: dict[str, Any], model: str | None = None) -> str:
    return model_card([Run(where="run.json", results=Results.model_validate(document))], model)


def parsed(text: str) -> Any:
    """As huggingface_hub reads it: a model-index that it can't use is an error."""
    return ModelCard(text).data


def test_hugging_face_reads_the_index_and_writes_the_same() -> None:
    case = CaseFile("int8", "litert").claimed(
        "min_auc", measurement=bounds(0.9913, 0.984, 0.996, "AUC")
    )
    data = parsed(of(results([CaseFile("fp32", "litert").claimed("loads"), case])))
    assert data.model_name == "chest"
    assert data.pipeline_tag == "image-classification"
    found = {one.metric_name: one for one in data.eval_results}
    whole = found[
        "mean AUC of int8 on litert, host, x86_64 [0.9840, 0.9960] (each one-sided 95%, n = 5)"
    ]
    assert (whole.metric_type, whole.metric_value, whole.verified) == ("roc_auc", 0.9913, False)
    assert whole.dataset_name == "evaluation split of chest (1,146 images)"
    assert [one.metric_value for one in data.eval_results if one.metric_type == "roc_auc_drop"] == [
        0.0004
    ]
    assert parsed(f"---\n{data.to_yaml()}\n---\n").eval_results == data.eval_results


def test_what_was_not_measured_on_a_device_is_in_the_text_alone() -> None:
    document = others()
    text = of(document)
    names = [one.metric_name for one in parsed(text).eval_results or []]
    assert not any(kind in name for name in names for kind in ("arm64", "gpu", "ethos"))
    assert "What is emulated, estimated, software was not measured on a device" in text
    assert "(e)" in text
    assert "cut short" in text
    assert "uncommitted changes" in text


def test_failures_limits_and_deviations_are_told() -> None:
    text = of(x86_run())
    assert "| latency\\_ratio | ≤ 1 | models/chest/model.toml:limits |" in text
    assert "### Failed" in text
    assert "### Declared" in text
    assert "its x86 wheel has no int8 kernels in XNNPACK" in text
    assert "11 claims: 4 fail, 1 declared, 6 pass." in text.split("## Variants")[0]


def test_without_quality_there_is_no_index() -> None:
    case = CaseFile("int8", "litert", mean_auc=None).claimed("loads")
    document = results([case])
    document["cases"][0] |= {"mean_auc_drop": None}
    text = of(document)
    data = parsed(text)
    assert data.eval_results is None
    assert data.pipeline_tag is None
    assert "Diagnostic quality wasn't measured" in text


def test_of_what_is_segmented_there_is_dice() -> None:
    document = results([CaseFile("int8", "litert", mean_auc=None).claimed("loads")])
    document["cases"][0] |= {"mean_auc_drop": None, "mean_dice": 0.8, "mean_dice_drop": 0.01}
    data = parsed(of(document))
    assert data.pipeline_tag == "image-segmentation"
    assert {one.metric_type for one in data.eval_results} == {"dice", "dice_drop"}


def test_names_that_are_markup_stay_text() -> None:
    text = of(hostile())
    body = text.split("\n---\n", 1)[1]
    assert "<script" not in body
    assert "](javascript" not in body.replace("\\]", "")
    assert parsed(text).model_name is None or "script" in parsed(text).model_name


def test_the_model_must_be_named_and_known() -> None:
    cases = [CaseFile("int8", "litert", model=name).claimed("loads") for name in ("a", "b")]
    with pytest.raises(ConfigError, match="have: a, b; name it"):
        of(results(cases))
    with pytest.raises(ConfigError, match="no model 'c'; they have: a, b"):
        of(results(cases), "c")
    assert "# b" in of(results(cases), "b")


def test_without_pyyaml_one_sentence_says_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ConfigError, match=r"pip install 'edgeassay\[report\]'"):
        of(x86_run())
