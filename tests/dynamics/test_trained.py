"""What trainers share: the iterations that a history keeps."""

import pytest

from rescert.dynamics.trained import RECORDS, recorded


@pytest.mark.parametrize("iterations", [1, 2, 59, 60, 2000, 6000])
def test_records_are_few_and_include_both_ends(iterations: int) -> None:
    found = recorded(iterations)
    assert found[0] == 0
    assert found[-1] == iterations
    assert found == sorted(set(found))
    assert min(iterations + 1, 30) <= len(found) <= RECORDS
    assert all(step in found for step in range(min(iterations, 4)))  # dense at the start
