"""Batches of boxes: containment in what the checker derives, closed forms, and what must not be bounded."""

import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from flint import arb
from programs import CASES, Case
from test_random_programs import BITS, box_of, contains, drawn, plain, program

from rescert.certify import balls, boxes, check, elementary
from rescert.certify.midrad import UNIT, MidRad
from rescert.certify.problem import trace


def sides_of(box, variables) -> list[tuple[Fraction, Fraction]]:
    return [tuple(Fraction(float(box[n][s].reshape(-1)[i])) for s in ("mid", "rad")) for n, i in variables]


@pytest.mark.parametrize("seed", range(2))
def test_forms_contain_what_the_checker_derives(seed: int) -> None:
    """The whole domain and its two halves, at random points of each."""
    finite = 0
    for number in range(120):
        rng = np.random.default_rng([seed, number])
        wild = bool(rng.random() < 0.4)
        chosen = program(rng, wild)
        domain = box_of(rng, chosen, wild)
        variables = [(n, i) for n, i in balls.all_entries(chosen) if domain[n]["rad"].reshape(-1)[i] > 0]
        if not variables:
            continue
        forms = boxes.BoxProgram(chosen, domain, variables).forms([sides_of(domain, variables)] * 2)
        finite += bool(np.isfinite(forms.slopes.rad).all())
        for _ in range(2):
            point = {n: {"mid": v, "rad": 0} for n, v in drawn(rng, domain).items()}
            with check.precision(BITS):
                problem = check.Problem(plain({"program": chosen.to_json(), "box": point}), check.Files({}, None, None))
                (output,) = problem.run()[0]
                for i in range(2):
                    assert contains(forms.direct[i], [output])
                    assert contains(forms.centred[i], [output])
                if not np.isinf(forms.slopes.rad).all():
                    slopes = [column[0] for column in problem.slopes(variables)]
                    assert contains(forms.slopes[:, 1], slopes)
    assert finite > 40  # or the test says little


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
@pytest.mark.parametrize("radius", ["1/1000", "1/8"])
def test_batches_agree_with_balls_box_by_box(case: Case, radius: str) -> None:
    """Both enclose the same, and the batch is hardly wider: the naive twin."""
    chosen, point = case.program, case.point(3)
    name = next(iter(chosen.inputs))
    variables = [e for e in balls.all_entries(chosen) if e[0] == name][:2]
    domain = {n: {"mid": v, "rad": 0} for n, v in point.items()}
    cover = boxes.BoxProgram(chosen, domain, variables)
    middles = [Fraction(float(point[name].reshape(-1)[i])) for _, i in variables]
    batch = [[(m + k * Fraction(1, 16), Fraction(radius)) for m in middles] for k in range(-2, 3)]
    forms = cover.forms(batch)
    for i, sides in enumerate(batch):
        middle, spread = point[name].astype(object), np.full(point[name].shape, 0, dtype=object)
        for (_, position), (m, r) in zip(variables, sides, strict=True):
            middle.reshape(-1)[position], spread.reshape(-1)[position] = m, r
        box = {**domain, name: {"mid": middle, "rad": spread}}
        for found, wanted in (
            (forms.direct[i], balls.evaluate(chosen, box, 64).reshape(-1)),
            (forms.slopes[:, i, 0], balls.jacobian(chosen, box, 64, variables).reshape(-1)),
        ):
            widths = np.array([float(x.rad()) for x in wanted])
            assert (found.rad <= 1.1 * widths + 1e-12).all() or np.isinf(found.rad).all()
            assert (found.lower() <= [float(x.mid()) for x in wanted]).all()
            assert (found.upper() >= [float(x.mid()) for x in wanted]).all()


def test_sine_and_cosine_are_within_their_bound() -> None:
    rng = np.random.default_rng(0)
    spans = [rng.uniform(-s, s, 2000) for s in (1e-9, 1, 10, 1e3, elementary.LARGEST)]
    x = np.concatenate([*spans, np.arange(-600, 600) * (math.pi / 4), [elementary.LARGEST, 0.0]])
    with balls.working_precision(160):
        for shift, exact in ((0, arb.sin), (1, arb.cos)):
            found = elementary.sine(x, shift)
            errors = [abs(exact(arb(a)) - arb(b)) for a, b in zip(x.tolist(), found.tolist(), strict=True)]
            assert all(e < 8 * UNIT for e in errors)  # an eighth of what is claimed


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_ranges_of_sine_and_cosine_are_those_of_balls(name: str) -> None:
    rng = np.random.default_rng(1)
    value = MidRad(rng.uniform(-9, 9, 3000), rng.choice([0.0, 1e-9, 1e-3, 0.4, 2.0, 40.0], 3000))
    found = elementary.FUNCTIONS[name](value)
    for m, r, low, high in zip(value.mid, value.rad, found.lower(), found.upper(), strict=True):
        exact = getattr(arb(float(m), float(r)), name)()
        samples = np.linspace(m - r, m + r, 33)
        assert low <= getattr(np, name)(samples).min() + 1e-14
        assert high >= getattr(np, name)(samples).max() - 1e-14
        assert high - low <= float(2 * exact.rad()) * 1.01 + 1e-12


@pytest.mark.parametrize("exponent", range(7))
def test_powers_on_wide_balls(exponent: int) -> None:
    value = MidRad(np.array([0.0, 1.0, -2.0, 0.5, 3.0]), np.array([1.0, 2.0, 0.5, 0.5, 0.0]))
    found = elementary.power(value, exponent)
    for i in range(5):
        samples = np.linspace(value.mid[i] - value.rad[i], value.mid[i] + value.rad[i], 101) ** exponent
        assert found.lower()[i] <= samples.min() + 1e-15
        assert found.upper()[i] >= samples.max() - 1e-15
        assert found.upper()[i] - found.lower()[i] <= np.ptp(samples) + 1e-14 * max(1, np.abs(samples).max())


def test_a_pole_and_a_kink_have_no_bounds() -> None:
    pole = trace(lambda v: 1 / v["x"], {"x": ()})
    forms = boxes.BoxProgram(pole, {"x": 0}, [("x", 0)]).forms([[(Fraction(0), Fraction(1))]])
    assert np.isinf(forms.direct.rad).all()
    assert np.isinf(forms.slopes.rad).all()
    kink = trace(lambda v: v["x"].relu(), {"x": ()})
    forms = boxes.BoxProgram(kink, {"x": 0}, [("x", 0)]).forms([[(Fraction(0), Fraction(1))]])
    assert forms.direct.lower() <= 0
    assert 1 <= forms.direct.upper() < 1.0001
    assert np.isinf(forms.centred.rad).all()


def test_derivatives_of_what_is_undefined_are_lost() -> None:
    """0 times log x has the slope 0 where it is defined; the checker refuses the box."""
    program = trace(lambda v: torch.stack([v["x"].log() * 0, v["y"]]), {"x": (), "y": ()})
    cover = boxes.BoxProgram(program, {"x": 0, "y": 0}, [("x", 0), ("y", 0)])
    forms = cover.forms([[(Fraction(0), Fraction(1)), (Fraction(5), Fraction(1))]])
    assert np.isinf(forms.centred.rad).all()


def test_all_fields_have_the_axes_that_are_promised() -> None:
    program = trace(lambda v: v["x"][:, None] * v["c"], {"x": (2,)}, {"c": [1.0, 2.0, 3.0]})
    cover = boxes.BoxProgram(program, {"x": {"mid": 0, "rad": 1}}, [("x", 0), ("x", 1)])
    forms = cover.forms([[(Fraction(0), Fraction(1)), (Fraction(k), Fraction(1))] for k in range(700)])
    shapes = {f.name: getattr(forms, f.name).shape for f in dataclasses.fields(forms)}
    assert shapes == {"direct": (700, 6), "centred": (700, 6), "middle": (700, 6), "slopes": (2, 700, 6)}
    assert (forms.slopes.mid[1, :, 3:] == [1, 2, 3]).all()
    assert not forms.slopes.mid[1, :, :3].any()
