"""Imports read from the sources: transitive, local to the package, and without importing anything."""

import subprocess
import sys

import pytest

from rescert import claim, sources


def names(module: str) -> set[str]:
    return {str(p.relative_to(sources.PACKAGE)) for p in sources.imported_files(module)}


def test_imports_are_followed_at_any_depth():
    assert names("rescert.record") == {"record.py", "sources.py"}  # imported inside a function
    assert names("rescert.claim") == {"claim.py", *names("rescert.record")}


def test_empty_packages_are_no_sources():
    assert not any(name.endswith("__init__.py") for name in names("rescert.assessment"))


def test_an_unknown_module_is_refused():
    with pytest.raises(ValueError, match=r"expected a module of this package, got 'rescert\.nothing'"):
        sources.imported_files("rescert.nothing")
    assert not sources.exists("rescert.nothing")
    assert not sources.exists("rescert.certify.nothing")
    assert sources.exists("rescert.certify")


@pytest.mark.parametrize("name", claim.available())
def test_a_claim_runs_on_its_file_and_the_core(name):
    assert {f"claims/{name}.py", "claim.py", "record.py"} <= names(f"rescert.claims.{name}")
    others = {f"claims/{other}.py" for other in claim.available() if other != name}
    assert not others & names(f"rescert.claims.{name}")


@pytest.mark.parametrize("name", claim.available())
def test_the_paper_is_read_as_the_claim_states_it(name):
    assert sources.papers()[name.split("_")[0]] == claim.load(name).paper


def test_keys_are_what_a_module_asks_of_its_config():
    assert {"instances"} <= sources.keys("rescert.assessment")
    assert {"trainer", "threads"} <= sources.keys("rescert.__main__")  # config["trainer"], config.get("threads")
    assert "networks" not in sources.keys("rescert.__main__")  # a string, but no key


def test_reading_sources_imports_nothing():
    code = "import sys; from rescert import sources; sources.imported_files('rescert.assessment'); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "torch", "pandas", "rescert.claim"} & set(loaded)
