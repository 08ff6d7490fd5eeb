"""Random programs over the whole vocabulary: enclosures against the checker's own derivatives, proofs against it."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from flint import arb

from rescert.certify import balls, check, inertia, krawczyk, midrad_derivative, midrad_program
from rescert.certify.midrad import MidRad
from rescert.certify.problem import Builder, Program

BITS = 512
FUNCTIONS = ["tanh", "logistic", "softplus", "exp", "log", "sin", "cos", "sqrt", "relu", "step", "negate"]
OPERATIONS = ["add", "subtract", "multiply", "divide", "matmul", "power", "sum", "broadcast", "reshape", "transpose",
              "slice", "place", "concatenate", "function"]  # fmt: skip
SCALES = [1e-320, 1e-308, 1e-160, 1e-30, 1e-8, 1e8, 1e100, 1e300]
Box = dict[str, dict[str, np.ndarray]]


def numbers(rng: np.random.Generator, shape: Sequence[int], wild: bool) -> np.ndarray:
    """Normal draws with zeros and ones among them; wild ones are scaled down to denormals and up to overflow."""
    drawn = rng.normal(size=shape) * (rng.choice([1.0, 1.0, *SCALES], size=shape) if wild else 1.0)
    return np.where(rng.random(shape) < 0.2, rng.choice([0.0, -0.0, 1.0, -1.0, 0.5], size=shape), drawn)


def shape_of(rng: np.random.Generator) -> tuple[int, ...]:
    return tuple(int(n) for n in rng.integers(1, 4, size=rng.integers(0, 3)))


def append(rng: np.random.Generator, builder: Builder, names: list[str]) -> None:
    """One operation with random operands; ``ValueError`` where they do not fit."""
    recent = names[-6:] if rng.random() < 0.6 else names
    first = str(rng.choice(recent))
    second = str(rng.choice(names)) if rng.random() < 0.8 else first
    shape, op = builder.shapes[first], str(rng.choice(OPERATIONS))
    if op in ("add", "subtract", "multiply", "divide", "matmul"):
        name = builder.apply(op, first, second)
    elif op == "concatenate":
        name = builder.apply(op, first, second, axis=int(rng.integers(max(1, len(shape)))))
    elif op == "function":
        name = builder.apply(str(rng.choice(FUNCTIONS)), first)
    else:
        spans = [[int(rng.integers(n)), n, int(rng.integers(1, 3))] for n in shape]
        larger = [n + int(rng.integers(2)) for n in shape]
        size = int(np.prod(shape))
        name = builder.apply(op, first, **{
            "power": {"exponent": int(rng.integers(5))},
            "sum": {"axis": None if rng.random() < 0.5 else int(rng.integers(max(1, len(shape)))), "keepdims": True},
            "broadcast": {"shape": [3 if n == 1 else n for n in (1, *shape)][-2:]},
            "reshape": {"shape": [[size], [size, 1], [1, size]][rng.integers(3)]},
            "transpose": {"axes": [int(i) for i in rng.permutation(len(shape))]},
            "slice": {"index": [s[0] if rng.random() < 0.4 else s for s in spans]},
            "place": {"shape": larger, "index": [[m - n, m, 1] for m, n in zip(larger, shape, strict=True)]},
        }[op])  # fmt: skip
    if len(builder.shapes[name]) <= 2 and np.prod(builder.shapes[name]) <= 12:
        names.append(name)


def program(rng: np.random.Generator, wild: bool, curved: bool = False) -> Program:
    """One entry of output: the last value and two others, summed up, and added or multiplied.

    A ``curved`` one has the squares of the inputs in addition, so that it more often has regular critical points.
    """
    inputs = {n: shape_of(rng) for n in "xyz"[: rng.integers(1, 4)]}
    constants: dict[str, Any] = {f"c{i}": numbers(rng, shape_of(rng), wild) for i in range(rng.integers(3))}
    builder = Builder(Program(inputs, constants | {"third": "1/3"}, (), "x"))
    names = [*inputs, *constants, "third"]
    for _ in range(rng.integers(4, 24)):
        try:
            append(rng, builder, names)
        except (ValueError, IndexError):
            continue
    sums = [builder.apply("sum", str(n), axis=None, keepdims=False) for n in [names[-1], *rng.choice(names, size=2)]]
    joined = builder.apply(str(rng.choice(["add", "multiply"])), sums[0], sums[1])
    output = builder.apply(str(rng.choice(["add", "multiply"])), joined, sums[2])
    for name in inputs if curved else ():
        square = builder.apply("sum", builder.apply("multiply", name, name), axis=None, keepdims=False)
        output = builder.apply(str(rng.choice(["add", "subtract"])), output, square)
    return builder.build(output)


def box_of(rng: np.random.Generator, chosen: Program, wild: bool) -> Box:
    radius = rng.choice([0.0, 1e-310, 1e-12, 1e-6, 1e-2, 0.5])
    middles = {n: numbers(rng, s, wild and rng.random() < 0.5) for n, s in chosen.inputs.items()}
    return {n: {"mid": m, "rad": radius * np.abs(numbers(rng, m.shape, False))} for n, m in middles.items()}


def drawn(rng: np.random.Generator, box: Box) -> dict[str, np.ndarray]:
    """A point of the box, about half of its entries at the ends where these are floats."""
    point = {}
    for name, side in box.items():
        turn = np.where(rng.random(side["mid"].shape) < 0.5, rng.choice([-1.0, 1.0]), rng.uniform(-1, 1))
        moved = np.asarray(side["mid"] + turn * side["rad"])
        triples = zip(moved.flat, side["mid"].flat, side["rad"].flat, strict=True)
        inside = [abs(Fraction(float(x)) - Fraction(float(m))) <= Fraction(float(r)) for x, m, r in triples]
        point[name] = np.where(np.reshape(inside, moved.shape), moved, side["mid"])
    return point


def plain(value: Any) -> Any:
    """An assertion as JSON gives it back, arrays as nested lists."""
    if isinstance(value, Mapping):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def contains(enclosure: MidRad, exact: Sequence[arb]) -> bool:
    """False only where a value certainly lies outside, or is not defined and bounded all the same."""
    triples = zip(enclosure.mid.flat, enclosure.rad.flat, exact, strict=True)
    return all(
        r == np.inf or (x.is_finite() and not (x - arb(float(m))).abs_lower() > arb(float(r))) for m, r, x in triples
    )


def accepted(assertion: Mapping[str, Any]) -> bool:
    try:
        check.KINDS[assertion["kind"]](plain(assertion), check.Files({}, None, None))
    except check.Refused:
        return False
    return True


@pytest.mark.parametrize("seed", range(4))
def test_enclosures_contain_what_the_checker_derives(seed: int) -> None:
    finite = 0
    for number in range(200):
        rng = np.random.default_rng([seed, number])
        wild = bool(rng.random() < 0.5)
        chosen = program(rng, wild)
        box, entries = box_of(rng, chosen, wild), balls.all_entries(chosen)
        some = [entries[i] for i in rng.integers(len(entries), size=rng.integers(1, len(entries) + 1))]
        gradient, hessian = midrad_derivative.hessian(chosen, box, some)
        value, jacobian = midrad_program.evaluate(chosen, box), midrad_derivative.jacobian(chosen, box, some)
        finite += bool(np.isfinite(hessian.rad).all())
        point = {n: {"mid": v, "rad": 0} for n, v in drawn(rng, box).items()}
        with check.precision(BITS):
            problem = check.Problem(plain({"program": chosen.to_json(), "box": point}), check.Files({}, None, None))
            try:
                (output,) = problem.run()[0]
                slopes, distinct = problem.gradient(), list(dict.fromkeys(some))
                bends = check.hessian(problem, distinct)
            except check.Refused:  # a kink or a pole at the point
                assert np.isinf(hessian.rad).all()
                continue
            places = [distinct.index(e) for e in some]
            assert contains(value, [output])
            assert contains(gradient, [slopes[e] for e in entries])
            assert contains(jacobian, [slopes[e] for e in some])
            assert contains(hessian, [bends[i][j] for i in places for j in places])
    assert finite > 100  # or the test says little


@pytest.mark.parametrize("seed", range(2))
def test_what_is_proved_is_accepted(seed: int) -> None:
    proved = 0
    for number in range(150):
        rng = np.random.default_rng([seed, number])
        chosen = program(rng, False, curved=True)
        entries = balls.all_entries(chosen)
        variables = [entries[i] for i in rng.permutation(len(entries))[: rng.integers(1, len(entries) + 1)]]
        start = {n: numbers(rng, s, False) for n, s in chosen.inputs.items()}
        try:
            start = krawczyk.polish(chosen, start, variables, steps=8)
        except (ValueError, np.linalg.LinAlgError):  # Newton's method ran into a kink, a pole or infinity
            continue
        zero = krawczyk.prove(chosen, start, variables, largest=1e-3)
        _, index = inertia.prove_inertia(chosen, start, variables=variables)
        for proof in (zero, index):
            if proof.assertion is not None:
                proved += 1
                assert accepted(proof.assertion)
    assert proved > 100
