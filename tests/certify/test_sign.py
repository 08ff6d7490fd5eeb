"""Signs of expressions and of stored arrays, and the borderline cases that must stay undecided."""

import numpy as np
import pytest

from rescert.certify import sign
from rescert.certify.problem import trace

PARABOLA = trace(lambda v: v["x"] * v["x"] - 2 * v["x"] + v["c"], {"x": ()}, {"c": "1"})


@pytest.mark.parametrize(("x", "shown"), [("1", {">=", "<="}), ("2", {">", ">="}), ("1.0000000001", {">", ">="})])
def test_sign_at_a_point(x: str, shown: set) -> None:
    for relation in sign.RELATIONS:
        proof = sign.prove(PARABOLA, {"x": x}, relation)
        # At 1 the value is exactly zero in balls; ">" is not shown, and neither is "<".
        assert proof.proved is (True if relation in shown else None)
        assert (proof.assertion is None) == (proof.proved is None)
        assert proof.lower <= proof.upper


def test_undecided_over_a_box_that_contains_the_zero() -> None:
    for relation in sign.RELATIONS:
        assert sign.prove(PARABOLA, {"x": {"mid": 1, "rad": "1e-9"}}, relation).proved is None
    third = trace(lambda v: 3 * v["x"] - 1, {"x": ()})
    assert all(sign.prove(third, {"x": "1/3"}, r).proved is None for r in sign.RELATIONS)


def test_every_entry_counts() -> None:
    program = trace(lambda v: v["x"] * 1, {"x": (2,)})
    assert sign.prove(program, {"x": [1.0, 2.0]}, ">").proved
    assert sign.prove(program, {"x": [1.0, -2.0]}, ">").proved is None
    assert sign.decide(program, {"x": [1.0, -2.0]}, ">")[0] is None


def test_decide_has_three_values() -> None:
    assert sign.decide(PARABOLA, {"x": 3}, ">")[0] is True
    verdict, refutation = sign.decide(PARABOLA, {"x": 3}, "<")
    assert verdict is False
    assert refutation.assertion["relation"] == ">="
    assert sign.decide(PARABOLA, {"x": {"mid": 1, "rad": 1}}, "<")[0] is None


def test_undefined_is_not_decided() -> None:
    program = trace(lambda v: 1 / v["x"] ** 2, {"x": ()})
    assert sign.prove(program, {"x": {"mid": 0, "rad": 1}}, ">=").proved is None
    assert sign.prove(program, {"x": 0}, ">").proved is None


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_arrays(bad: float) -> None:
    array = np.arange(5, dtype=np.float32)
    assert sign.prove_array(array, ">=").proved
    assert sign.prove_array(array, ">").proved is None
    assert sign.prove_array(-array, "<=").proved
    assert sign.prove_array(np.append(array, bad), ">=").proved is None
    assert sign.prove_array(array[:0], ">=").proved is None
    assert sign.prove_array(np.array([-0.0]), ">=").proved


def test_misuse() -> None:
    with pytest.raises(ValueError, match="relation"):
        sign.prove(PARABOLA, {"x": 0}, "==")
    with pytest.raises(ValueError, match="real numbers"):
        sign.prove_array(np.array([1j]), ">")
