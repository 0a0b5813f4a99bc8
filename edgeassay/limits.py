"""Which limit holds for a claim where several could: the most particular one."""

from __future__ import annotations

from collections.abc import Sequence

from edgeassay.spec import Case, ClaimName, Limit, LimitRule, Processor


def limit_of(
    rules: Sequence[LimitRule],
    claim: ClaimName,
    case: Case,
    cpu: Processor,
    class_name: str | None,
) -> Limit | None:
    """The most particular rule's limit: one for the variant goes before one for the runtime, that
    before one for the CPU, that before one for the class, and a general one comes last. Among those
    for the CPU the ranks of their rules decide.
    """

    def fits(rule: LimitRule) -> bool:
        return (
            rule.claim is claim
            and rule.variant in (None, case.variant)
            and rule.runtime in (None, case.runtime)
            and rule.class_name in (None, class_name)
            and rule.cpu.fits(cpu)
        )

    fitting = [rule for rule in rules if fits(rule)]
    if not fitting:
        return None
    return max(
        fitting,
        key=lambda rule: (
            rule.variant is not None,
            rule.runtime is not None,
            rule.cpu.rank,
            rule.class_name is not None,
        ),
    ).limit
