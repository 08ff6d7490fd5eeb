"""Files: what is written reads back, twice the same bytes, whole or not at all; damage is named."""

import math

import numpy as np
import pandas as pd
import pytest

from rescert import record

ARRAYS = {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.array([1, -2]), "empty": np.zeros((0, 4))}
TABLE = pd.DataFrame({"name": ["x", "y"], "value": [0.1, math.pi], "curve": [[1.0, 2.0], [3.0]]})


def write_tensors(path):
    record.write_tensors(path, ARRAYS, {"origin": "here", "b": 1, "a": 2})


def write_parquet(path):
    record.write_parquet(path, TABLE)


def write_json(path):
    record.write_json(path, {"b": [0.1, 1e-300], "a": "ünicode"})


WRITERS = {"tensors.safetensors": write_tensors, "table.parquet": write_parquet, "content.json": write_json}


def test_tensors_read_back_exactly(tmp_path):
    write_tensors(tmp_path / "x.safetensors")
    arrays, metadata = record.read_tensors(tmp_path / "x.safetensors")
    assert metadata == {"origin": "here", "b": 1, "a": 2}
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)


def test_tables_read_back_exactly(tmp_path):
    write_parquet(tmp_path / "x.parquet")
    table = record.read_parquet(tmp_path / "x.parquet")
    assert list(table["value"]) == [0.1, math.pi]
    assert [list(c) for c in table["curve"]] == [[1.0, 2.0], [3.0]]


def test_json_is_canonical_and_reads_back_exactly(tmp_path):
    assert record.dump_json({"b": np.float64(0.1), "a": np.arange(2)}) == '{\n "a": [\n  0,\n  1\n ],\n "b": 0.1\n}\n'
    write_json(tmp_path / "x.json")
    assert record.read_json(tmp_path / "x.json") == {"b": [0.1, 1e-300], "a": "ünicode"}


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_json_has_no_number_that_json_lacks(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        record.dump_json({"x": value})


def test_json_of_something_else_is_a_mistake():
    with pytest.raises(TypeError, match="expected a JSON value, got object"):
        record.dump_json(object())


@pytest.mark.parametrize("name", WRITERS)
def test_equal_content_is_equal_bytes(tmp_path, name):
    WRITERS[name](tmp_path / "one" / name)
    WRITERS[name](tmp_path / "two" / name)
    assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


READERS = {".safetensors": record.read_tensors, ".parquet": record.read_parquet, ".json": record.read_json}


@pytest.mark.parametrize("keep", [0, 0.3, 0.9])
@pytest.mark.parametrize("name", WRITERS)
def test_a_truncated_file_is_named(tmp_path, name, keep):
    path = tmp_path / name
    WRITERS[name](path)
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content))])
    with pytest.raises(ValueError, match=f"{name}.*damaged file.*run again"):
        READERS[path.suffix](path)


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.json"
    path.write_text("old")

    def fail():
        with record.replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_checksums():
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert record.sha256("") == record.sha256(b"") == empty
    assert record.config_hash({"a": 1, "b": 2}) == record.config_hash({"b": 2, "a": 1})
    assert record.config_hash({"a": 1}) != record.config_hash({"a": "1"})
    assert record.code_hash("rescert.claim") != record.code_hash("rescert.record")
