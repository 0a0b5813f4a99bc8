"""Area under the ROC curve: the probability that a positive scores above a negative, ties half."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def class_aucs(
    labels: npt.NDArray[np.int8], scores: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    """The AUC of every class, float64 of shape (classes,).

    `labels` (images, classes) holds 0 and 1, both in every column; `scores` has the same shape
    and is finite. Computed by scikit-learn, which handles ties by midranks.
    """
    # scikit-learn takes a second to import, and collecting the suite doesn't need it.
    from sklearn.metrics import roc_auc_score

    return np.array(
        [roc_auc_score(labels[:, k], scores[:, k]) for k in range(labels.shape[1])],
        np.float64,
    )
