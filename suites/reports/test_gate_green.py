"""What the gate lets through."""

from suites.reports.gated import Gated


def test_a_green_gate_holds(gated: Gated) -> None:
    end = gated.end()
    assert (end.code, end.problems) == (0, ()), end.text
