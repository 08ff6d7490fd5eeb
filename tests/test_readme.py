"""What the README shows works as it stands."""

import contextlib
import io
import re
from pathlib import Path

README = (Path(__file__).parent.parent / "README.md").read_text()


def printed(section: str) -> list[str]:
    """The lines that the Python example of a section prints."""
    (code,) = re.findall(rf"## {section}\n.*?```python\n(.*?)```", README, re.DOTALL)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "README.md", "exec"), {})
    return said.getvalue().splitlines()


def test_the_example_of_an_own_landscape_is_certified():
    starts, zero, index = printed("A landscape of your own")
    assert re.fullmatch(r"\d+ of 20 starts ended at a critical point", starts)
    assert zero.startswith("one zero within")
    assert index == "0 of 11 eigenvalues negative, the others positive"


def test_the_example_of_an_own_chain_says_what_became_of_each_run():
    assert printed("Gradient descent on a chain of your own") == ["converged converged oscillating overflowed"]


def test_the_example_of_an_own_map_composes_to_it():
    distance, composed = printed("A map of your own as near-identity layers")
    assert 0.02 < float(distance) < 1 / 12
    assert composed == "True"


def test_every_path_of_the_package_that_it_names_exists():
    for path in re.findall(r"src/rescert/[\w/]+\.py", README.replace("<paper>_<statement>", "ns_proposition2")):
        assert (Path(__file__).parent.parent / path).is_file(), path
