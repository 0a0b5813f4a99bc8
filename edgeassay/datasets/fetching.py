"""Files that a declaration says how to download: fetched once, and used only with their digest."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any, Final

from edgeassay.atomic import sha256_of
from edgeassay.errors import Absent, DataError, why
from edgeassay.spec import NpzSource

CACHE_VARIABLE: Final = "EDGEASSAY_CACHE"


def find_file(source: NpzSource, data_root: Path | None) -> Path:
    """The declared file: below the data root, or else downloaded.

    Absent where it is neither here nor to be had; DataError where its bytes are other ones.
    """
    path = None if data_root is None else data_root / source.file
    if path is not None and path.is_file():
        _check_digest(path, source.sha256)
        return path
    if source.url is not None and source.sha256 is not None:
        return _download(source.url, source.sha256, source.file)
    remedy = "or give `url` and `sha256` in [data], and it is downloaded"
    if path is None:
        raise Absent(
            f"the data set {source.file!r} isn't here: set EDGEASSAY_DATA to the folder that holds"
            f" it, {remedy}"
        )
    raise Absent(
        f"the data set isn't here: {data_root} has no file {source.file!r}; put it there, {remedy}"
    )


def _check_digest(path: Path, wanted: str | None) -> None:
    try:
        found = wanted if wanted is None else sha256_of(path)
    except OSError as error:
        raise DataError(f"{path} can't be read: {why(error)}; mend its permissions") from None
    if found != wanted:
        raise DataError(
            f"{path} has the SHA-256 {found}, and `sha256` in [data] is {wanted}; replace the file,"
            " or correct the digest"
        )


def _close_refused(response: Any, *_: object, **__: object) -> None:
    if not response.ok:
        response.close()


def _download(url: str, sha256: str, file: str) -> Path:
    """The file in the cache, which pooch puts there whole or not at all."""
    import pooch

    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    cache = os.environ.get(CACHE_VARIABLE) or pooch.os_cache("edgeassay")
    try:
        # The digest in the name: two data sets whose files are called alike don't take turns.
        path = pooch.retrieve(
            url,
            f"sha256:{sha256}",
            fname=f"{sha256[:16]}-{Path(file).name}",
            path=cache,
            # A refusal's connection would stay open: pooch only reads what it is given.
            downloader=pooch.HTTPDownloader(hooks={"response": _close_refused}),
        )
    # OSError first: some errors of requests are both.
    except OSError as error:
        raise Absent(
            f"the data set isn't here, and {url} couldn't be fetched into {cache}: {error}; fetch"
            f" it by hand, and put it below EDGEASSAY_DATA as {file!r}"
        ) from None
    except ValueError as error:
        raise DataError(
            f"{url} doesn't give the file that `url` and `sha256` in [data] mean:"
            f" {str(error).partition('. ')[0]}; correct the address or the digest"
        ) from None
    finally:
        logger.setLevel(level)
    return Path(path)
