"""Tracing, shapes and serialisation of programs, and their float evaluation against torch itself."""

import json

import numpy as np
import pytest
import torch
from programs import CASES, EPS, Case

from rescert.certify.problem import Operation, Program, rational, trace
from rescert.certify.tensors import float_array


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_program_evaluates_as_the_function_it_was_traced_from(case: Case) -> None:
    program = case.program
    for seed in range(5):
        values = {n: torch.tensor(v) for n, v in case.point(seed).items()}
        constants = {n: torch.tensor(float_array(v)) for n, v in case.constants.items()}
        direct = case.function({**values, **constants})
        # Same operations, other summation order in places: fewer than 500 roundings of values below 100.
        assert torch.allclose(program.evaluate(values), direct, rtol=500 * EPS, atol=500 * EPS * 100)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_json_round_trip(case: Case) -> None:
    program = case.program
    content = json.dumps(program.to_json(), default=lambda a: a.tolist(), sort_keys=True)
    again = Program.from_json(json.loads(content))
    values = {n: torch.tensor(v) for n, v in case.point(0).items()}
    assert again.evaluate(values) == program.evaluate(values)
    assert [tuple(o) for o in again.operations] == [tuple(o) for o in program.operations]


def test_programs_batch_by_vmap() -> None:
    program = CASES[2].program
    points = torch.randn(6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    batched = torch.func.vmap(lambda x: program.evaluate({"x": x}))(points)
    single = torch.stack([program.evaluate({"x": x}) for x in points])
    assert torch.allclose(batched, single, rtol=500 * EPS, atol=500 * EPS * 100)


def test_operation_outside_the_vocabulary_is_named_with_its_line() -> None:
    with pytest.raises(ValueError, match=r"got 'erf' \(.*test_problem.py:\d+: .*torch.erf"):
        trace(lambda v: torch.erf(v["x"]), {"x": (2,)})


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda v: v["x"] ** 0.5, "non-negative integer exponent"),
        (lambda v: v["x"] ** -1, "non-negative integer exponent"),
        (lambda v: v["x"][7], "integer within 2"),
        (lambda v: v["x"] @ v["x"] @ v["x"], "matmul"),
        (lambda v: 3.0, "traced tensor"),
        (lambda v: v["x"] + v["y"], "y"),
    ],
)
def test_misuse_is_named(function, message: str) -> None:
    with pytest.raises((ValueError, KeyError), match=message):
        trace(function, {"x": (2,)})


def test_shapes_are_checked_when_a_program_is_made() -> None:
    with pytest.raises(ValueError, match="operands known"):
        Program({"x": (2,)}, {}, (Operation("t", "add", ("x", "z"), {}),), "t")
    with pytest.raises(ValueError, match="index within"):
        Program({"x": (2,)}, {}, (Operation("t", "slice", ("x",), {"index": [-1]}),), "t")
    with pytest.raises(ValueError, match="shape"):
        Program({"x": (2,), "y": (3,)}, {}, (Operation("t", "add", ("x", "y"), {}),), "t")
    with pytest.raises(ValueError, match="finite"):
        trace(lambda v: v["x"] * v["c"], {"x": ()}, {"c": float("nan")})


def test_constants_are_exact() -> None:
    assert rational("0.1") * 10 == 1
    assert rational(0.1) * 10 != 1
    for bad in ("x", float("inf"), None, True, "1/0"):
        with pytest.raises(ValueError, match="expected a finite number"):
            rational(bad)


def test_python_loops_see_shapes() -> None:
    program = trace(lambda v: sum(row.sum() for row in v["x"]) * len(v["x"]), {"x": (3, 2)})
    assert float(program.evaluate({"x": torch.ones(3, 2, dtype=torch.float64)})) == 18.0


def test_tensors_of_the_function_become_constants() -> None:
    weights = torch.tensor([1.0, 2.0], dtype=torch.float64)
    program = trace(lambda v: v["x"] @ weights, {"x": (2,)})
    assert any(isinstance(c, np.ndarray) for c in program.constants.values())
    assert float(program.evaluate({"x": torch.ones(2, dtype=torch.float64)})) == 3.0


@pytest.mark.parametrize(
    ("op", "attributes"),
    [("sum", {"axis": -1}), ("sum", {"axis": 2}), ("concatenate", {"axis": -1}), ("transpose", {"axes": [-1, -2]})],
)
def test_axes_are_counted_from_the_start(op: str, attributes: dict) -> None:
    """NumPy's negative axes would mean another axis where an evaluation has a leading axis of its own."""
    with pytest.raises(ValueError, match="expected axes from 0 to 1"):
        Program({"x": (2, 2)}, {}, (Operation("a", op, ("x",), attributes),), "a")
    with pytest.raises(ValueError, match="expected axes from 0 to -1"):
        Program({"x": ()}, {}, (Operation("a", "sum", ("x",), {"axis": 0}),), "a")


def test_floats_beyond_64_bits_are_refused() -> None:
    """They would be rounded on the way into balls."""
    wide = np.ones(2, dtype=np.longdouble) / 3
    if wide.dtype.itemsize == 8:
        pytest.skip("no wider floats here")
    with pytest.raises(ValueError, match="expected floats of at most 64 bits"):
        Program({"x": ()}, {"c": wide}, (), "x")
