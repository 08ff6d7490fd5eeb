"""What a verdict is: three-valued implications, aggregation over instances, and their laws."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rescert import assessment, claim
from rescert.claim import Claim, Drawing, Evidence, Finding, Statement, Verdict, aggregate

HOLDS, FAILS, UNDECIDED, VACUOUS = Verdict.HOLDS, Verdict.FAILS, Verdict.UNDECIDED, Verdict.VACUOUS
EXACT, ENCLOSED, NUMERICAL = Evidence.EXACT, Evidence.ENCLOSED, Evidence.NUMERICAL
EVERY = Statement("main", "text", "as printed")
SOME = Statement("main", "text", "as printed", quantifier="some")
ROWS = st.lists(st.tuples(st.sampled_from(Verdict), st.sampled_from(Evidence)), max_size=6)


@pytest.mark.parametrize(
    ("hypotheses", "conclusion", "verdict"),
    [
        (True, True, HOLDS),
        (True, False, FAILS),
        (True, None, UNDECIDED),
        (None, True, HOLDS),  # an implication is true as soon as its conclusion is
        (None, False, UNDECIDED),
        (None, None, UNDECIDED),
        (False, True, VACUOUS),
        (False, False, VACUOUS),
        (False, None, VACUOUS),
    ],
)
def test_an_implication_is_three_valued(hypotheses, conclusion, verdict):
    finding = Finding(hypotheses, conclusion, EXACT, "because")
    assert finding.verdict is verdict
    assert finding.certified is (verdict is not UNDECIDED)
    assert not Finding(hypotheses, conclusion, NUMERICAL, "because").certified


@pytest.mark.parametrize(
    ("statement", "rows", "outcome"),
    [
        (EVERY, [(HOLDS, EXACT), (HOLDS, NUMERICAL)], (HOLDS, NUMERICAL)),
        (EVERY, [(HOLDS, NUMERICAL), (FAILS, EXACT), (FAILS, NUMERICAL)], (FAILS, EXACT)),
        (EVERY, [(HOLDS, EXACT), (UNDECIDED, ENCLOSED)], (UNDECIDED, ENCLOSED)),
        (EVERY, [(VACUOUS, EXACT), (HOLDS, ENCLOSED)], (HOLDS, ENCLOSED)),
        (EVERY, [(VACUOUS, EXACT), (VACUOUS, ENCLOSED)], (VACUOUS, ENCLOSED)),
        (EVERY, [], (UNDECIDED, NUMERICAL)),
        (SOME, [(FAILS, EXACT), (HOLDS, NUMERICAL), (HOLDS, ENCLOSED)], (HOLDS, ENCLOSED)),
        (SOME, [(FAILS, EXACT)], (UNDECIDED, EXACT)),  # a search that finds nothing refutes nothing
        (SOME, [], (UNDECIDED, NUMERICAL)),
    ],
)
def test_verdicts_of_instances_make_one_of_a_statement(statement, rows, outcome):
    assert aggregate(statement, rows) == outcome


@given(ROWS)
def test_the_order_of_instances_does_not_matter(rows):
    for statement in (EVERY, SOME):
        assert len({aggregate(statement, list(order)) for order in itertools.permutations(rows[:4])}) == 1


@given(ROWS, st.tuples(st.just(FAILS), st.sampled_from(Evidence)))
def test_one_failure_refutes_every_and_nothing_mends_it(rows, failure):
    verdict, _ = aggregate(EVERY, [*rows, failure])
    assert verdict is FAILS


@given(ROWS)
def test_a_statement_is_never_better_known_than_what_decides_it(rows):
    verdict, evidence = aggregate(EVERY, rows)
    deciding = [e for v, e in rows if v is verdict]
    if verdict is HOLDS:
        assert claim.STRENGTH[evidence] == max(claim.STRENGTH[e] for e in deciding)
    assert not rows or evidence in [e for _, e in rows]


def test_lists_expand_to_their_product_and_names_tell_instances_apart():
    instances = claim.product([{"target": ["1/2", "2"], "depth": [2, 5]}, {"target": "1", "depth": 1}])
    assert len(instances) == 5
    names = [claim.instance_id(i) for i in instances]
    assert names[0] == "target=1_2,depth=2"
    assert len(set(names)) == 5
    assert claim.instance_id({}) == "only"


@pytest.mark.parametrize("name", ["Upper", "a-b", "../x", ""])
def test_a_claim_is_named_as_a_file(name):
    with pytest.raises(ValueError, match="expected a claim name"):
        claim.load(name)


def test_an_unknown_claim_is_refused_with_what_there_is():
    with pytest.raises(ValueError, match="expected a claim with a file in src/rescert/claims, got 'ns_nothing'"):
        claim.load("ns_nothing")


def made(findings: dict[str, Finding]) -> Claim:
    return Claim(
        paper="A paper",
        label="1",
        title="A claim",
        statements=(EVERY,),
        check=lambda instance, inputs: findings,
        control={"depth": 0},
        control_statement="main",
        figure=lambda tables: Drawing(None, pd.DataFrame()),
    )


def assess(monkeypatch, findings, instances=({"depth": [1, 2]},)):
    monkeypatch.setattr(claim, "load", lambda name: made(findings))
    return assessment.assess("made", {"instances": list(instances)}, claim.Inputs({}))


def test_an_assessment_has_a_row_and_a_certificate_an_instance(monkeypatch):
    assertion = {"kind": "array_sign", "array": np.ones(2), "relation": ">"}
    finding = Finding(True, True, EXACT, "because", 1.0, "2", (assertion,), {"extra": 3})
    found = assess(monkeypatch, {"main": finding})
    assert list(found.rows["instance"]) == ["depth=1", "depth=2"]
    assert list(found.rows["extra"]) == [3, 3]
    assert found.content["certificates"].keys() == found.certificates.keys() == {"depth=1", "depth=2"}
    for name, certificate in found.certificates.items():
        assert found.content["certificates"][name]["sha256"] == certificate.sha256
    (statement,) = found.content["statements"]
    assert (statement["verdict"], statement["evidence"], statement["holding"]) == ("holds", "exact", 2)
    assert (statement["measured"], statement["bound"]) == ("1.0", "2")


@pytest.mark.parametrize(
    ("findings", "message"),
    [
        ({"main": Finding(True, True, EXACT, "because")}, "expected assertions for the certified finding 'main'"),
        ({"other": Finding(True, True, NUMERICAL, "")}, r"expected one finding for each of \['main'\]"),
        ({}, r"expected one finding for each of \['main'\]"),
    ],
)
def test_what_a_claims_author_may_not_do(monkeypatch, findings, message):
    with pytest.raises(ValueError, match=message):
        assess(monkeypatch, findings)


def test_instances_of_one_name_are_refused(monkeypatch):
    with pytest.raises(ValueError, match="got 'depth=1' twice"):
        assess(monkeypatch, {"main": Finding(True, True, NUMERICAL, "")}, ({"depth": 1}, {"depth": [2, 1]}))


def test_every_instance_is_validated_before_the_first_check(monkeypatch):
    seen: list[int] = []

    def validate(instance):
        if instance["depth"] < 1:
            raise ValueError(f"expected a depth >= 1, got {instance['depth']}")

    def check(instance, inputs):
        seen.append(instance["depth"])
        return {"main": Finding(True, True, NUMERICAL, "")}

    monkeypatch.setattr(claim, "load", lambda name: replace(made({}), check=check, validate=validate))
    with pytest.raises(ValueError, match="expected a depth >= 1, got -1"):
        assessment.assess("made", {"instances": [{"depth": [1, 2, -1]}]}, claim.Inputs({}))
    assert seen == []
    assessment.assess("made", {"instances": [{"depth": [1, 2]}]}, claim.Inputs({}))
    assert seen == [1, 2, 0]  # the control comes last, and is not validated: it may break a hypothesis
