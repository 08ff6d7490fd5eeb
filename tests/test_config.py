"""Every config of the project is accepted; a wrong one is one sentence that names key, value and expectation."""

import copy

import pytest
import yaml

from rescert import config as settings
from running import ROOT

SCHEMA = yaml.safe_load((ROOT / "workflow" / "schemas" / "config.schema.yaml").read_text())


def merged(base, over):
    """As Snakemake merges a config over another: mappings deep, everything else replaced."""
    if not isinstance(over, dict):
        return over
    base = base if isinstance(base, dict) else {}
    return {**base, **{key: merged(base.get(key), value) for key, value in over.items()}}


def read(name):
    return yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text())


@pytest.mark.parametrize("name", ["config", "tiny", "quick", "paper", "gpu"])
def test_every_config_is_accepted_and_has_its_own_root(name):
    config = settings.checked(merged(read("config"), read(name)), SCHEMA)
    assert config["output"] == {"config": "."}.get(name, f"runs/{name}")


def test_empty_sections_are_empty_mappings():
    empty = {**read("config"), **dict.fromkeys(settings.SECTIONS)}
    assert all(settings.checked(empty, SCHEMA)[section] == {} for section in settings.SECTIONS)


@pytest.mark.parametrize(
    ("over", "sentence"),
    [
        ({"outptu": "x"}, "expected known keys in 'the config', got 'outptu': did you mean 'output'?"),
        ({"device": "tpu"}, "expected one of auto, cpu, cuda for 'device', got 'tpu'"),
        ({"tracking": 3}, "expected a string for 'tracking', got 3"),
        ({"recheck": {"sample": -1}}, "expected a number >= 0 for 'recheck.sample', got -1"),
        ({"networks": {"ns_figure5": {"depth": -3}}}, "expected a number >= 1 for 'networks.ns_figure5.depth', got -3"),
        (
            {"networks": {"ns_figure5": {"epochs": "12"}}},
            "expected an integer for 'networks.ns_figure5.epochs', got '12'",
        ),
        ({"networks": {"ns_figure5": {"epochs": True}}}, "expected an integer for 'networks.ns_figure5.epochs'"),
        (
            {"networks": {"ns_figure5": {"epoch": 3}}},
            "expected known keys in 'networks.ns_figure5', got 'epoch': did you mean 'epochs'?",
        ),
        (
            {"networks": {"ns_figure5": {"architecture": "no_such"}}},
            "expected 'networks.ns_figure5' to name a file of src/rescert/networks, got 'no_such'; available: ",
        ),
        (
            {"networks": {"ns_figure5": {"needs": ["datasets/no_such"]}}},
            "expected 'networks.ns_figure5' to need entries of the config, got 'datasets/no_such'; there: datasets/",
        ),
        (
            {"networks": {"ns_figure5": {"needs": ["mnist"]}}},
            "expected a section and a name, such as 'networks/ns_figure5' for 'networks.ns_figure5.needs.0'",
        ),
        (
            {"networks": {"ns_figure5": {"needs": ["networks/ns_figure5"]}}},
            "expected 'networks.ns_figure5' to need other entries, got 'networks/ns_figure5', which is itself",
        ),
        (
            {"slices": {"ysj_saddle_plane": {"steps": 80}}},
            "expected an odd number for 'slices.ysj_saddle_plane.steps', got 80",
        ),
        (
            {"slices": {"ysj_saddle_plane": {"extent": [0]}}},
            "expected a number > 0 for 'slices.ysj_saddle_plane.extent.0', got 0",
        ),
        (
            {"slices": {"ysj_saddle_plane": {"directions": ["random", "steepest"]}}},
            "expected 'smallest', 'largest', 'random' or '{to: POINT}' for 'slices.ysj_saddle_plane.directions.1'",
        ),
        (
            {"slices": {"ysj_saddle_plane": {"point": "minimum"}}},
            "expected 'saddle', 'lowest' or the number of a start for 'slices.ysj_saddle_plane.point', got 'minimum'",
        ),
        (
            {"slices": {"ysj_theorem2": read("config")["slices"]["ysj_saddle_plane"]}},
            "expected 'slices.ysj_theorem2' to have a name of its own, got a claim's: both have a figure",
        ),
        (
            {"claims": {"ns_no_such": {"instances": [{"depth": 1}]}}},
            "expected 'claims.ns_no_such' to name a file of src/rescert/claims, got 'ns_no_such'; available: ",
        ),
        (
            {"claims": {"ns_proposition2": {"instances": [{"depth": [2, -5]}]}}},
            "expected a number >= 1 for 'claims.ns_proposition2.instances.0.depth.1', got -5",
        ),
        (
            {"claims": {"ns_proposition2": {"instances": [{"target": 0.1}]}}},
            "expected decimals or fractions as text ('0.1', '1/3'), so that they are exact for",
        ),
        (
            {"claims": {"ns_proposition2": {"instances": [{"tarqet": "1"}]}}},
            "expected known keys in 'claims.ns_proposition2.instances.0', got 'tarqet': did you mean 'target'?",
        ),
        ({"claims": {"ns_proposition2": {"instances": []}}}, "expected at least 1 in the list"),
        ({"claims": {"ns_proposition2": {"instances": None}}}, "expected a list for"),
        ({"claims": {"Bad-Name": {"instances": [{"depth": 1}]}}}, "expected a name of lower-case letters"),
    ],
)
def test_a_wrong_config_is_one_sentence(over, sentence):
    with pytest.raises(ValueError, match=r"^expected") as refusal:
        settings.checked(merged(read("config"), over), SCHEMA)
    assert str(refusal.value).startswith(sentence)
    assert "\n" not in str(refusal.value)


def test_a_block_may_have_the_keys_that_its_own_files_ask_for():
    """So a new claim, map or network brings its keys along, and no second place has to know them."""
    schema = copy.deepcopy(SCHEMA)
    known = schema["properties"]["networks"]["additionalProperties"]["properties"]
    del known["bias_range"]  # a key of one architecture
    assert settings.checked(read("config"), schema)["networks"]["ns_figure5"]["bias_range"] == 0.5


def test_the_schema_is_closed_everywhere():
    def closed(schema):
        if isinstance(schema, dict):
            if schema.get("type") == "object":
                assert schema.get("additionalProperties") is not None
                assert schema["additionalProperties"] is not True
            for value in schema.values():
                closed(value)

    assert SCHEMA["$schema"].endswith("2020-12/schema")
    closed(SCHEMA)
