"""The trusted checker: accepts a certificate of every kind, refuses every mutant and every damage, in one sentence."""

import ast
import itertools
import json
import sys
from pathlib import Path

import flint
import numpy as np
import pytest
from certificates import outcome, proofs, write
from flint import arb
from programs import CASES, Case

from mutations import damages, mutants
from rescert import record
from rescert.certify import balls, check
from rescert.certify.certificate import StoredArray
from rescert.certify.problem import trace
from rescert.claim import instance_id

NAMES = list(proofs())


def one(results: Path, name: str) -> tuple[Path, dict]:
    proof = proofs()[name]
    assert proof.proved, proof.reason
    return write(results, [{"statement": "first", **proof.assertion}])


@pytest.mark.parametrize("name", NAMES)
def test_accepts_what_was_proved(name: str, tmp_path: Path) -> None:
    path, content = one(tmp_path, name)
    assert outcome(path, content) == (True, "every assertion was derived again")
    assert check.main([str(path)]) == 0


@pytest.mark.parametrize("name", NAMES)
def test_refuses_every_mutant(name: str, tmp_path: Path) -> None:
    path, content = one(tmp_path, name)
    document = json.loads(path.read_text())
    tried = 0
    for label, forged in mutants(document):
        accepted, reason = outcome(path, content, forged)
        assert accepted is False, f"{label} was accepted"
        assert reason
        assert "Traceback" not in reason
        assert "\n" not in reason
        tried += 1
    assert tried > 10
    assert outcome(path, content, document)[0] is True


def test_every_kind_of_the_vocabulary_is_tried() -> None:
    tried = {p.assertion["kind"] for p in proofs().values()}
    # The exact enumeration has its own tests beside its certifier.
    assert tried == check.KINDS.keys() - {"rational_enumeration"}


@pytest.mark.parametrize("name", NAMES)
def test_refuses_every_damage(name: str, tmp_path: Path) -> None:
    path, content = one(tmp_path, name)
    for file in sorted(path.parent.iterdir()):
        original = file.read_bytes()
        for label, damaged in damages(original):
            file.write_bytes(damaged)
            assert outcome(path, content)[0] is False, f"{file.suffix} {label} was accepted"
        file.unlink()
        assert "missing" in outcome(path, content)[1]
        file.write_bytes(original)
    assert outcome(path, content)[0] is True


@pytest.mark.parametrize(
    "text", ["NaN", "[NaN]", '{"format": Infinity}', '{"a": 1, "a": 2}', "[", "null", '"x"', "[" * 9999]
)
def test_refuses_other_json(text: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "results" / "certificates" / "c" / "i.json"
    record.write_text(path, text)
    assert check.main([str(path)]) == 1
    assert capsys.readouterr().out.startswith("refused")


def test_every_statement_needs_an_assertion(tmp_path: Path) -> None:
    path, content = one(tmp_path, "sign")
    content["certificates"]["n=1"]["statements"]["second"] = "fails"
    assert outcome(path, content) == (False, "nothing is asserted for the statement 'second'")


def test_another_certificate_is_refused(tmp_path: Path) -> None:
    path, content = one(tmp_path, "sign")
    other, _ = one(tmp_path / "other", "cover")
    path.write_bytes(other.read_bytes())
    assert "SHA-256" in outcome(path, content)[1]


def test_the_certificate_of_another_instance_is_refused(tmp_path: Path) -> None:
    path, content = one(tmp_path, "sign")
    (path.parent / "n=2.json").write_bytes(path.read_bytes())
    content["certificates"] = {"n=2": content["certificates"]["n=1"]}
    assert "another instance" in check.recheck(content, path.parent, {})["certificates"]["n=2"]["reason"]


@pytest.mark.parametrize(
    "instance",
    [{"target": "1/2", "depth": 5}, {"rho": "(0, sqrt(5/4)]", "a": 1e-5}, {"flag": True, "list": [1]}, {"x": None}],
)
def test_instances_have_the_names_of_their_files(instance: dict) -> None:
    stored = json.loads(json.dumps(instance, sort_keys=True))
    assert check.belongs(stored, instance_id(instance))
    assert not check.belongs({**stored, "more": 1}, instance_id(instance))


@pytest.mark.parametrize("statement", [1, None, "\ud800", "a\naccepted  other.json", "\x1b[2K"])
def test_statements_are_printable_names(statement: object, tmp_path: Path) -> None:
    path, _ = one(tmp_path, "sign")
    document = json.loads(path.read_text())
    document["assertions"].append({**document["assertions"][0], "statement": statement})
    record.write_text(path, json.dumps(document))
    assert check.main([str(path)]) == 1


@pytest.mark.parametrize("text", ["\ud800", "\naccepted  other.json: s"])
def test_refusals_are_one_line_whatever_the_certificate_says(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path, content = one(tmp_path, "sign")
    document = json.loads(path.read_text())
    document["assertions"][0]["kind"] = text
    reason = outcome(path, content, document)[1]
    reason.encode()
    assert "\n" not in reason
    capsys.readouterr()
    assert check.main([str(path)]) == 1
    printed = capsys.readouterr().out
    printed.encode()
    assert printed.count("\n") == 1


@pytest.mark.parametrize("key", ["claim", "sha256"])
def test_a_claim_file_that_binds_nothing_is_refused(key: str, tmp_path: Path) -> None:
    path, content = one(tmp_path, "sign")
    (content if key == "claim" else content["certificates"]["n=1"])[key] = None
    assert "does not give" in outcome(path, content)[1]


SIZES = {
    "place": [["y", "place", ["x"], {"shape": [10**9], "index": [[0, 10**9, 1]]}]],
    "outer product": [
        ["a", "broadcast", ["x"], {"shape": [1 << 20, 1]}],
        ["b", "reshape", ["a"], {"shape": [1, 1 << 20]}],
        ["y", "matmul", ["a", "b"], {}],
    ],
    "product": [["a", "broadcast", ["x"], {"shape": [1 << 10, 1 << 10]}], ["y", "matmul", ["a", "a"], {}]],
    "concatenation": [
        ["a", "broadcast", ["x"], {"shape": [1 << 20]}],
        ["y", "concatenate", ["a"] * 2000, {"axis": 0}],
    ],
    "many values": [
        ["a", "broadcast", ["x"], {"shape": [1 << 20]}],
        *([f"b{i}", "reshape", ["a"], {"shape": [1 << 10, 1 << 10]}] for i in range(999)),
        ["y", "reshape", ["x"], {"shape": [1]}],
    ],
}


@pytest.mark.parametrize("name", SIZES)
def test_small_programs_with_huge_values_are_refused(name: str) -> None:
    program = {"inputs": {"x": []}, "constants": {}, "operations": SIZES[name], "output": "y"}
    problem = check.Problem({"program": program, "box": {"x": {"mid": 1, "rad": 0}}}, Nowhere())
    with pytest.raises(check.Refused):
        problem.run()


def test_an_undecided_entry_of_a_hessian_is_refused_wherever_it_is() -> None:
    for i, j in itertools.product(range(3), repeat=2):
        matrix = [[arb(int(a == b)) for a in range(3)] for b in range(3)]
        matrix[i][j] = arb("nan")
        with pytest.raises(check.Refused):
            check.negative_eigenvalues(matrix)


def test_sample_is_seeded_and_the_rest_is_labelled(tmp_path: Path) -> None:
    path, content = one(tmp_path, "sign")
    entry = content["certificates"]["n=1"]
    listed = {}
    for i in range(9):
        copy = path.with_name(f"n={i}.json")
        record.write_text(copy, json.dumps({**json.loads(path.read_text()), "instance": {"n": i}}))
        listed[copy.stem] = {**entry, "sha256": record.sha256(copy)}
    content = {**content, "certificates": listed}
    results = [check.recheck(content, path.parent, {"sample": 4, "seed": s})["certificates"] for s in (0, 0, 1)]
    assert results[0] == results[1] != results[2]
    verdicts = [r["accepted"] for r in results[0].values()]
    assert verdicts.count(True) == 4
    assert verdicts.count(None) == 5


def stored(tmp_path: Path, array: np.ndarray, relation: str = ">=") -> tuple[Path, dict]:
    """A certificate about a tensor of a network's file."""
    file = tmp_path / "networks" / "net" / "weights.safetensors"
    record.write_tensors(file, {"W": array, "other": np.zeros(3)})
    reference = StoredArray("../../networks/net/weights.safetensors", record.sha256(file), "W")
    return write(tmp_path, [{"kind": "array_sign", "statement": "s", "array": reference, "relation": relation}])


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32", "uint8"])
def test_arrays_of_existing_files(dtype: str, tmp_path: Path) -> None:
    path, content = stored(tmp_path, np.arange(6).reshape(2, 3).astype(dtype))
    assert outcome(path, content)[0] is True
    assert "an entry is 0" in outcome(*stored(tmp_path, np.arange(6).astype(dtype), ">"))[1]


@pytest.mark.parametrize("position", [0, 500, 999])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -1e-45])
def test_one_bad_entry_is_found(bad: float, position: int, tmp_path: Path) -> None:
    array = np.ones(1000, dtype=np.float32)
    array[position] = bad
    assert outcome(*stored(tmp_path, array))[0] is False


def test_negative_zero_is_zero_and_large_sums_are_no_infinities(tmp_path: Path) -> None:
    assert outcome(*stored(tmp_path, np.array([-0.0, 1.0])))[0] is True
    assert outcome(*stored(tmp_path, np.array([-0.0, -1.0]), "<="))[0] is True
    assert outcome(*stored(tmp_path, np.full(3, 1.7e308)))[0] is True


def test_links_and_paths_outside_are_refused(tmp_path: Path) -> None:
    results = tmp_path / "results"
    path, content = stored(results, np.ones(3))
    weights = results / "networks" / "net" / "weights.safetensors"
    elsewhere = tmp_path / "elsewhere.safetensors"
    weights.rename(elsewhere)
    weights.symlink_to(elsewhere)
    assert "link" in outcome(path, content)[1]
    document = json.loads(path.read_text())
    sha = next(iter(document["files"]))
    document["files"][sha] = "../../../elsewhere.safetensors"
    assert "outside" in outcome(path, content, document)[1]


def test_float32_passed_off_as_float64_is_refused(tmp_path: Path) -> None:
    path, content = stored(tmp_path, np.ones(4, dtype=np.float32))
    weights = tmp_path / "networks" / "net" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes().replace(b'"F32"', b'"F64"'))
    document = json.loads(path.read_text())
    sha = next(iter(document["files"]))
    document["files"] = {record.sha256(weights): document["files"][sha]}
    document["assertions"][0]["array"]["file"] = record.sha256(weights)
    assert "damaged" in outcome(path, content, document)[1]


@pytest.mark.parametrize("relation", [">", "<"])
def test_borderline_signs_are_undecided(relation: str, tmp_path: Path) -> None:
    program = trace(lambda v: v["x"] * v["x"] - 2 * v["x"] + 1, {"x": ()})
    assertion = {"kind": "sign", "program": program.to_json(), "relation": relation, "precision": 128}
    for radius in (0, 1e-30):
        box = {"x": {"mid": 1, "rad": radius}}
        path, content = write(tmp_path, [{"statement": "s", **assertion, "box": box}])
        assert outcome(path, content)[0] is False


def test_a_kink_is_refused_by_derivatives(tmp_path: Path) -> None:
    program = trace(lambda v: (-(v["z"] ** 2) + v["x"].relu()) * 1, {"x": (), "z": ()})
    assertion = {"kind": "negative_direction", "program": program.to_json(), "precision": 64, "direction": {"z": 1}}
    for x, accepted in [(0, False), (1, True)]:
        box = {"x": {"mid": x, "rad": 0}, "z": {"mid": 0, "rad": 0}}
        path, content = write(tmp_path, [{"statement": "s", **assertion, "box": box}])
        assert outcome(path, content)[0] is accepted


def test_derivatives_of_undefined_functions_are_refused(tmp_path: Path) -> None:
    program = trace(lambda v: v["x"].log() * 3 - v["x"] ** 2, {"x": ()}).to_json()
    for x, accepted in [(-1, False), (1, True)]:
        box = {"x": {"mid": x, "rad": 0}}
        assertion = {
            "kind": "negative_direction",
            "program": program,
            "box": box,
            "precision": 64,
            "direction": {"x": 1},
        }
        path, content = write(tmp_path, [{"statement": "s", **assertion}])
        assert outcome(path, content)[0] is accepted


class Nowhere:
    listed: dict = {}  # noqa: RUF012


@pytest.mark.parametrize("radius", [0.0, 1e-6, 0.05])
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_own_interpreter_and_derivatives_agree_with_balls(case: Case, radius: float) -> None:
    """Two implementations, both enclosing: they must overlap everywhere, and be equally narrow on points."""
    program = case.program
    box = {n: {"mid": v, "rad": np.full(v.shape, radius)} for n, v in case.point(6).items()}
    plain = json.loads(json.dumps({"program": program.to_json(), "box": box}, default=lambda a: a.tolist()))
    entries = balls.all_entries(program)
    value, gradient = balls.evaluate(program, box)[()], balls.gradient(program, box)
    hessian = balls.hessian(program, box)
    if not all(x.is_finite() for x in [*gradient, *hessian.flat]):
        pytest.fail("expected a case away from kinks")
    with check.precision(128):
        problem = check.Problem(plain, Nowhere())
        assert check.value_of(problem.run()[0][0]).overlaps(value)
        own, columns = problem.gradient(), problem.hessian_products([{e: arb(1)} for e in entries], entries)
        slopes = problem.slopes(entries)
        for j, entry in enumerate(entries):
            assert own[entry].overlaps(gradient[j])
            assert slopes[j][0].overlaps(gradient[j])
            for i in range(len(entries)):
                assert columns[j][i].overlaps(hessian[i, j])
                if radius == 0.0:
                    assert (columns[j][i] - hessian[i, j]).abs_upper() < arb(2) ** -90
        # Chosen rows and mixed directions, from a part of the tape: the same numbers.
        rows, mixed = entries[::-2], {entries[0]: arb(2), entries[-1]: arb(-3)}
        expected = [2 * hessian[entries.index(e), 0] - 3 * hessian[entries.index(e), -1] for e in rows]
        both = problem.hessian_products([mixed, {entries[0]: arb(1)}], rows)
        for found, wanted in zip(both[0], expected, strict=True):
            assert found.overlaps(wanted)
        for found, e in zip(both[1], rows, strict=True):
            assert found.overlaps(hessian[entries.index(e), 0])


def test_derivatives_of_every_elementary_function() -> None:
    """First and second derivatives against central differences of the function at 400 bits."""
    with check.precision(400):
        h = arb(2) ** -60
        for name, (f, slope, bend) in check.ELEMENTARY.items():
            for x in (arb("0.3"), arb("1.7")):
                first, second = (f(x + h) - f(x - h)) / (2 * h), (f(x + h) - 2 * f(x) + f(x - h)) / (h * h)
                # The remainder is h² times a third or fourth derivative, below 1000 here.
                assert (first - slope(x, f(x))).abs_upper() < 1000 * h * h, name
                assert (second - bend(x, f(x))).abs_upper() < 1000 * h * h, name


def test_global_precision_is_restored(tmp_path: Path) -> None:
    before = flint.ctx.prec
    path, content = one(tmp_path, "krawczyk")
    assert outcome(path, content)[0]
    assert flint.ctx.prec == before


def test_imports_nothing_but_the_standard_library_and_flint() -> None:
    tree = ast.parse(Path(check.__file__).read_text())
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert {n.split(".")[0] for n in names} <= {"flint", "__future__", *sys.stdlib_module_names}
