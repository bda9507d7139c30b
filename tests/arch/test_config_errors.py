"""One clear error for everything wrong in an architecture file."""

import os
import re

import pytest
import yaml
from arch_files import MINIMAL, edited
from hypothesis import given, settings
from hypothesis import strategies as st

from pgsim import yaml_source
from pgsim.arch import ArchConfig, load_arch, validation
from pgsim.errors import InputError
from pgsim.files import shipped_folder


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("rows: 4", "rows: 0", "5: array.rows: value 0: expected a whole number from 1 to 102"),
        ("rows: 4", "rows: 1025", "5: array.rows: value 1025: expected a whole number"),
        ("rows: 4", "rows: 4.0", "5: array.rows: value 4.0: expected a whole number"),
        ("rows: 4", "rows: yes", "5: array.rows: value yes (which YAML reads as true)"),
        ("rows: 4", "rows: '4'", "5: array.rows: value '4': expected a whole number from 1 to"),
        ("rows: 4", "rows:", "5: array.rows: value (none): expected a whole number"),
        ("rows: 4", "rows: [4]", "5: array.rows: value (a list): expected a whole number"),
        ("rows: 4", "rows: 010", "5: array.rows: value 010: YAML reads an integer here"),
        ("rows: 4", "rows: 0x10", "5: array.rows: value 0x10: YAML reads an integer here"),
        ("rows: 4", "rows: 1_0", "5: array.rows: value 1_0: YAML reads an integer here"),
        ("rows: 4", "rows: 1:30", "5: array.rows: value 1:30: YAML reads an integer here"),
        ("rows: 4", "rowz: 4", "5: array.rowz: unknown key: expected one of rows, columns, d"),
        ("  rows: 4\n", "", "4: array.rows: missing: expected a whole number from 1 to 1024"),
        ("500", "on", "2: clock_mhz: value on (which YAML reads as true): expected auto"),
        ("500", ".inf", "2: clock_mhz: value .inf: expected a finite number"),
        ("500", ".nan", "2: clock_mhz: value .nan: expected a finite number"),
        ("500", "1e999", "2: clock_mhz: value 1e999: too large for a number"),
        ("500", "2014-01-01", "2: clock_mhz: value 2014-01-01: YAML reads a date here"),
        ("500", "-1", "2: clock_mhz: value -1: expected auto or a number over 0, at most 100000"),
        ("small", "off", "1: name: value off (which YAML reads as false): expected text"),
        ("small", "7", "1: name: value 7: expected text, not empty. Put it in quotes."),
        ("small", '""', "1: name: value '': expected text, not empty."),
        ("small", r'"\e[2J"', "1: name: holds a character that cannot be printed"),
        (": os", ": oss", "7: array.dataflow: value 'oss': expected one of os, ws, is, bitf"),
        (": auto", ": atuo", "10: lsb.window: value 'atuo': expected auto or a whole number"),
        (": auto", ": true", "10: lsb.window: value true"),
        ("{kind: fusion}", "fusion", "8: array.pe: value 'fusion': expected a section with k"),
        ("{kib: 4, banks: 8, port_bits: 64", "{kib: 4, banks: 8, port_bits: 12", "14: memor"),
        ("kib: 4", "kib: -4", "14: memory.output_sram.kib: value -4: expected a number over 0"),
        (": auto", ": auto\n  window: 8", "11: lsb.window: duplicate key, first on line 10"),
        (": lpddr4", ": &a lpddr4", "15: memory.dram.kind: literal values only: an anchor"),
        (": lpddr4", ": !!str lpddr4", "15: memory.dram.kind: literal values only: a tag"),
        (": lpddr4", ": *a", "15: memory.dram.kind: literal values only: an alias"),
        ("rows: 4", "<<: {rows: 4}\n  rows: 4", "5: array.<<: literal values only: a merge"),
        ("rows: 4", "rows: 4\n  ? [1]\n  : 2", "6: a key must be a plain word"),
    ],
)
def test_an_error_names_line_key_value_and_what_was_expected(refusal, old, new, expected):
    lines = refusal(edited(old, new))
    assert any(line.startswith(f"arch.yaml:{expected}") for line in lines)


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        (": os", ": oss", "'os'"),
        ("rows: 4", "row: 4", "'rows'"),
        ("{kind: fusion}", "{kind: fussion}", "'fusion'"),
        (": auto", ": auto\n  schedular: skip", "'scheduler'"),
        ("name: small", "name: small\nways: 4", "'lsb.ways'"),
    ],
)
def test_an_error_names_the_nearest_valid_spelling(refusal, old, new, hint):
    assert any(line.endswith(f"Did you mean {hint}?") for line in refusal(edited(old, new)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "arch.yaml: expected a mapping of keys to values; it is empty"),
        ("# nothing\n", "arch.yaml: expected a mapping of keys to values; it is empty"),
        ("- a\n- b\n", "arch.yaml: expected a mapping of keys to values; found a list"),
        ("word", "arch.yaml: expected a mapping of keys to values; found a single value"),
        (b"name: \xff\n", "arch.yaml:1: not UTF-8 text (byte 6)"),
        ("a: 1\nb: [1, 2\n", "arch.yaml:3: not valid YAML: while parsing a flow sequence"),
        ("a: 1\nb: \x00\n", r"arch.yaml:2: not text: the character '\x00'"),
        ("a: 1\n---\nb: 2\n", "arch.yaml:2: a second document"),
        ("é: 1\nb: \x7f\n", r"arch.yaml:2: not text: the character '\x7f'"),
        ("a: " + "[" * 50, "arch.yaml:1: nested more than 8 levels deep"),
        ("a: " + "{a: " * 50, "arch.yaml:1: nested more than 8 levels deep"),
        ("a: " + "[" * 100_000, "arch.yaml:1: "),
        ("#" * (1 << 18) + "\n", "arch.yaml: larger than 256 KiB"),
        (r'name: "\UFFFFFFFF"', "arch.yaml:1: not valid YAML: "),
        (r'name: "\ud800"', "arch.yaml:1: not valid YAML: "),
    ],
)
def test_an_error_for_a_file_that_is_no_mapping_at_all(refusal, text, expected):
    lines = refusal(text)
    assert len(lines) == 1
    assert lines[0].startswith(expected)


def test_an_error_for_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="a folder, not a file"):
        load_arch(tmp_path)
    os.mkfifo(tmp_path / "pipe.yaml")  # reading it would wait for whoever writes
    with pytest.raises(InputError, match="a pipe, not a file"):
        load_arch(tmp_path / "pipe.yaml")
    with pytest.raises(InputError, match=r"no such file.*Did you mean 'pg_os'\?"):
        load_arch("pg-os")


def test_an_error_lists_every_problem_in_the_order_of_the_file(refusal):
    text = edited("rows: 4", "rows: 0\n  rows: 1").replace("kib: 4", "kib: big")
    text = text.replace(": auto", ": auto\n  ways: 65").replace("burst_bytes: 64", "burst: 64")
    keys = [re.match(r"arch\.yaml:(\d+): ([\w.]+): ", line).groups() for line in refusal(text)]
    assert [line for line, _ in keys] == ["5", "6", "12", "16", "17", "17"]
    assert {key for _, key in keys} == {
        "array.rows",
        "lsb.ways",
        "memory.output_sram.kib",
        "memory.dram.burst_bytes",
        "memory.dram.burst",
    }


def test_an_error_stays_short_for_a_file_that_is_all_wrong(refusal):
    lines = refusal("".join(f"wrong_{number}: 1\n" for number in range(500)))
    assert 20 < len(lines) <= 51 and sum(map(len, lines)) < 10_000
    assert lines[-1].endswith(" more")


def test_only_what_is_shown_is_looked_into(refusal, monkeypatch):
    """The nearest of all keys takes a while to find: not once for each of thousands."""
    asked = []
    monkeypatch.setattr(validation, "nearest", lambda *_: asked.append(1) or "")
    text = "".join(f"wrong_{number}: 1\n" for number in range(5000))
    lines = refusal(MINIMAL + text)
    first = MINIMAL.count("\n") + 1
    assert lines[0].startswith(f"arch.yaml:{first}: wrong_0: unknown key")
    assert lines[20].startswith(f"arch.yaml:{first + 20}: wrong_20: unknown key")
    assert len(asked) == 50  # the most lines of an error


SHIPPED = sorted(shipped_folder("arch_configs").rglob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_both_parsers_of_pyyaml_read_a_file_alike(path, monkeypatch):
    read = yaml_source.read_yaml(path)
    monkeypatch.setattr(yaml_source, "_PARSER", yaml.SafeLoader)
    assert yaml_source.read_yaml(path) == read


MUTATION = st.tuples(
    st.integers(0, len(MINIMAL)),
    st.integers(0, 4),
    st.one_of(
        st.binary(max_size=4),
        st.sampled_from(
            [b"&a ", b"*a", b"!!int ", b"- ", b"<<: ", b"[", b"{", b"'", b'"\\U', b"\n"]
        ),
        st.sampled_from(
            [b"---\n", b"%YAML 9.9\n", b"? ", b": ", b"1e9999", b"9" * 50, b"\t", b"|"]
        ),
    ),
)


@settings(max_examples=250, deadline=None, derandomize=True, database=None)
@given(mutations=st.lists(MUTATION, min_size=1, max_size=4))
def test_any_file_gives_a_config_or_an_input_error(tmp_path_factory, mutations):
    data = MINIMAL.encode()
    for start, length, insert in mutations:
        data = data[:start] + insert + data[start + length :]
    path = tmp_path_factory.getbasetemp() / "fuzzed.yaml"
    path.write_bytes(data)
    try:
        arch = load_arch(path)
    except InputError as error:
        assert str(error).startswith(str(path))
        str(error).encode()  # can be printed
    else:
        assert isinstance(arch, ArchConfig)
