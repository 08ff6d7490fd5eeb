"""Derivative programs against torch.func, the naive twin."""

import pytest
import torch
from programs import CASES, EPS, Case

from rescert.certify import balls, derivative
from rescert.certify.problem import Operation, Program, trace

# Fewer than 1000 roundings of values below 100 in each derivative of the table.
TOLERANCE = {"rtol": 1000 * EPS, "atol": 1000 * EPS * 100}


def flat(case: Case, values: dict) -> torch.Tensor:
    return torch.cat([values[n].reshape(-1) for n in case.inputs])


def unflat(case: Case, vector: torch.Tensor) -> dict:
    sizes = [int(torch.Size(s).numel()) for s in case.inputs.values()]
    return {n: part.reshape(s) for (n, s), part in zip(case.inputs.items(), torch.split(vector, sizes), strict=True)}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_gradient_and_hessian_products_agree_with_torch(case: Case, seed: int) -> None:
    program = case.program
    values = {n: torch.tensor(v) for n, v in case.point(seed).items()}
    vector = flat(case, values)

    def function(x: torch.Tensor) -> torch.Tensor:
        return program.evaluate(unflat(case, x))

    assert torch.allclose(derivative.gradient(program).evaluate(values), torch.func.grad(function)(vector), **TOLERANCE)
    direction = torch.randn(len(vector), dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    lines = {derivative.direction_name(n): v for n, v in unflat(case, direction).items()}
    hessian = torch.func.hessian(function)(vector)
    product = derivative.hessian_product(program).evaluate({**values, **lines})
    assert torch.allclose(product, hessian @ direction, **TOLERANCE)
    curvature = derivative.second_derivative(program).evaluate({**values, **lines})
    assert torch.allclose(curvature, direction @ hessian @ direction, rtol=1000 * EPS, atol=1e4 * EPS * 100)


def test_matrix_products_of_every_shape() -> None:
    shapes = {"a": (2,), "b": (2,), "M": (2, 3), "N": (3, 2)}

    def function(v: dict) -> torch.Tensor:
        return (
            v["a"] @ v["b"]
            + (v["a"] @ v["M"] @ v["N"]) @ v["b"]
            + ((v["N"] @ v["M"]) ** 2).sum()
            + (v["N"] @ v["a"]).sum()
        )

    case = Case("matmul", function, shapes, {})
    program, values = case.program, {n: torch.tensor(v) for n, v in case.point(1).items()}
    expected = torch.func.grad(lambda x: program.evaluate(unflat(case, x)))(flat(case, values))
    assert torch.allclose(derivative.gradient(program).evaluate(values), expected, **TOLERANCE)


def test_an_input_that_does_not_matter_has_gradient_zero() -> None:
    program = trace(lambda v: v["x"] * 1, {"x": (), "z": (2,)})
    values = {"x": torch.tensor(2.0), "z": torch.ones(2)}
    assert derivative.gradient(program, ["z", "x"]).evaluate(values).tolist() == [0, 0, 1]
    assert derivative.tangent(program, ["z"]).evaluate({**values, "z'": torch.ones(2)}) == 0


def test_gradient_needs_one_entry() -> None:
    with pytest.raises(ValueError, match="one entry"):
        derivative.gradient(trace(lambda v: v["x"] * 2, {"x": (2,)}))
    with pytest.raises(ValueError, match="variables among"):
        derivative.gradient(trace(lambda v: v["x"] * 2, {"x": ()}), ["z"])


def test_an_input_may_not_have_the_name_of_a_direction() -> None:
    """The direction in x would be taken for the value of x'."""
    program = Program({"x": (), "x'": ()}, {}, (Operation("a", "multiply", ("x", "x'"), {}),), "a")
    for derive in (derivative.tangent, derivative.second_derivative, derivative.hessian_product):
        with pytest.raises(ValueError, match="expected no input of the name of a direction, got 'x''"):
            derive(program)
    with pytest.raises(ValueError, match="name of a direction"):
        balls.jacobian(program, {"x": 2.0, "x'": 5.0})
