"""The software bill of materials, in CycloneDX 1.6: packages, runtimes, and each artifact."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageMetadata, distributions
from typing import TYPE_CHECKING, Any, Final

import edgeassay
from edgeassay.errors import ConfigError
from edgeassay.matrix_report.rows import Run, said

if TYPE_CHECKING:
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component

INSTALL: Final = "pip install 'edgeassay[report]'"
LONGEST_LICENCE: Final = 100  # characters; some packages write the whole text there


def check_installed() -> None:
    """ConfigError where what makes the bundle isn't installed."""
    for name in ("cyclonedx", "jinja2", "jsonschema"):
        if importlib.util.find_spec(name) is None:
            raise ConfigError(f"an evidence bundle needs the package {name}: {INSTALL}")


def bill_of(runs: Sequence[Run], manifests: Mapping[str, Mapping[str, Any]]) -> str:
    """The document, as JSON; `manifests` has how artifacts were made, by their digests."""
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.output.json import JsonV1Dot6

    bom = Bom()
    bom.metadata.component = Component(
        name="edgeassay",
        version=edgeassay.__version__,
        type=ComponentType.APPLICATION,
        bom_ref="edgeassay-itself",
    )
    for component in (*_packages(), *_runtimes(runs), *_artifacts(runs, manifests)):
        bom.components.add(component)
    _depend(bom)
    return str(JsonV1Dot6(bom).output_as_string(indent=2)) + "\n"


def _depend(bom: Bom) -> None:
    """All of it belongs to what was measured with it."""
    assert bom.metadata.component is not None, "it was set just now"
    bom.register_dependency(bom.metadata.component, list(bom.components))


def problem_with(document: str) -> str | None:
    """What CycloneDX's own schema says against a document; None where it holds."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    found = JsonStrictValidator(SchemaVersion.V1_6).validate_str(document)
    return None if found is None else str(found).partition("\n")[0]


def _packages() -> Iterator[Component]:
    """The Python packages that are installed where the bundle is written."""
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    seen = set()
    for found in sorted(distributions(), key=lambda d: str(d.metadata["Name"]).lower()):
        name, version = found.metadata["Name"], found.version
        if not name or name.lower() in seen:
            continue
        seen.add(name.lower())
        yield Component(
            name=name,
            version=version,
            type=ComponentType.LIBRARY,
            bom_ref=f"pypi/{name.lower()}",
            purl=PackageURL("pypi", name=name.lower(), version=version),
            licenses=_licences(found.metadata),
            properties=[_property("where", "installed where the bundle was written")],
        )


def _licences(metadata: PackageMetadata) -> list[Any]:
    """As a package's metadata tells: an SPDX expression, a short name, or classifiers."""
    from cyclonedx.contrib.license.factories import LicenseFactory

    factory, fields = LicenseFactory(), metadata.json
    text = str(fields.get("license_expression") or fields.get("license") or "").strip()
    if text and "\n" not in text and len(text) <= LONGEST_LICENCE:
        return [factory.make_from_string(text)]
    classifiers = [str(c) for c in fields.get("classifier") or []]
    names = [c.rpartition(" :: ")[2] for c in classifiers if c.startswith("License ::")]
    return [factory.make_with_name(name) for name in dict.fromkeys(names)]


def _property(name: str, value: str) -> Any:
    from cyclonedx.model import Property

    return Property(name=f"edgeassay:{name}", value=value)


def _runtimes(runs: Sequence[Run]) -> Iterator[Component]:
    """What executed the artifacts, as each worker said of itself."""
    from cyclonedx.model.component import Component, ComponentType

    found: dict[tuple[str, str], dict[str, None]] = {}
    for run in runs:
        for case in run.results.cases:
            if "runtime" in case.worker:
                key = said(case.worker["runtime"]), said(case.worker.get("runtime_version"))
                python = f"Python {said(case.worker.get('python'))}"
                numpy = f"numpy {said(case.worker.get('numpy'))}"
                where = f"{case.case.device}, {said(case.worker.get('architecture'))}"
                found.setdefault(key, {})[f"{where}: {python}, {numpy}"] = None
    for (name, version), places in found.items():
        yield Component(
            name=name,
            version=version,
            type=ComponentType.PLATFORM,
            bom_ref=f"runtime/{name}/{version}",
            properties=[_property("worker", place) for place in places],
        )


def _artifacts(
    runs: Sequence[Run], manifests: Mapping[str, Mapping[str, Any]]
) -> Iterator[Component]:
    """Each artifact that was judged, by the SHA-256 of its bytes."""
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.component import Component, ComponentType

    seen = set()
    for run in runs:
        for case in run.results.cases:
            key = (case.case.model, case.case.variant, case.artifact_sha256)
            if case.artifact_sha256 is None or key in seen:
                continue
            seen.add(key)
            digest, made = case.artifact_sha256, manifests.get(case.artifact_sha256, {})
            properties = [_property("size_bytes", str(case.size_bytes))]
            properties += [
                _property(f"made-with:{name}", str(version))
                for name, version in (made.get("versions") or {}).items()
            ]
            yield Component(
                name=f"{case.case.model}/{case.case.variant}",
                version=digest[:12],
                type=ComponentType.MACHINE_LEARNING_MODEL,
                bom_ref=f"model/{case.case.model}/{case.case.variant}/{digest[:12]}",
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
                properties=properties,
            )
