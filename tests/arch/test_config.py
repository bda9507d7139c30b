"""Architecture files: what they say, and one clear error for everything wrong in them."""

import pickle
import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pgsim.arch import ArchConfig, config_keys, load_arch, load_technology
from pgsim.errors import InputError
from pgsim.files import shipped_names

MINIMAL = """\
name: small
clock_mhz: 500
technology: 45nm
array:
  rows: 4
  columns: 8
  dataflow: os
  pe: {kind: fusion}
lsb:
  window: auto
memory:
  activation_sram: {kib: 2, banks: 4, port_bits: 64}
  weight_sram: {kib: 2, banks: 4, port_bits: 64}
  output_sram: {kib: 4, banks: 8, port_bits: 64}
  dram: {kind: lpddr4, bytes_per_cycle: 16, burst_bytes: 64}
"""

NAMES = ["bitfusion_isca_2018", "fixed_8bit", "pg_os", "pg_serial", "pg_ws"]


@pytest.fixture
def write(tmp_path):
    def write_file(text):
        path = tmp_path / "arch.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_file


@pytest.fixture
def small(write):
    return load_arch(write(MINIMAL))


@pytest.fixture
def refusal(write):
    """Return the lines of the error that a file's text gives, each without the file's folder."""

    def lines(text):
        path = write(text)
        with pytest.raises(InputError) as caught:
            load_arch(path)
        return str(caught.value).replace(str(path), "arch.yaml").splitlines()

    return lines


def edited(old, new):
    assert MINIMAL.count(old) == 1
    return MINIMAL.replace(old, new)


class TestReading:
    def test_defaults_are_those_of_the_format(self, small):
        assert (small.source, small.batch, small.output_bits) == ("", 1, None)
        assert (small.array.lanes, small.array.overlap) == ("channels", "folds")
        pe = small.array.pe
        assert (pe.max_activation_bits, pe.max_weight_bits, pe.terms) == (8, 8, 16)
        lsb = small.lsb
        assert (lsb.scheduler, lsb.ways, lsb.open, lsb.depth, lsb.scan) == ("skip", 4, 8, 16, 4)
        assert (lsb.window, lsb.lane_order) == ("auto", "raster")
        assert lsb.gate_latency_cycles == 0
        assert (small.memory.lsb_fetch, small.memory.double_buffered) == ("with_msb", True)

    def test_a_section_of_schedulers_may_be_left_out(self, write, small):
        assert load_arch(write(edited("lsb:\n  window: auto\n", ""))) == small

    @pytest.mark.parametrize("name", NAMES)
    def test_shipped_designs_load_and_say_where_they_come_from(self, name):
        arch = load_arch(name)
        assert arch.source
        technology = load_technology(arch.technology)
        assert technology.dram_pj_per_bit(arch.memory.dram.kind) > 0

    def test_no_shipped_design_is_untested(self):
        assert shipped_names("arch_configs", ".yaml") == NAMES

    def test_the_published_design_is_as_published(self):
        # bf_e_conf.ini of Bit Fusion's simulator: a 16, c 32, 500 MHz, 64/32/16 KiB, 192 bits
        arch = load_arch("bitfusion_isca_2018")
        assert (arch.array.rows, arch.array.columns, arch.clock_mhz) == (16, 32, 500)
        memory = arch.memory
        assert memory.weight_sram.kib == 64
        assert memory.activation_sram.kib == 32
        assert memory.output_sram.kib == 16
        assert memory.dram.bytes_per_cycle * 8 == 192

    def test_a_config_is_a_value(self, small, write):
        again = load_arch(write(MINIMAL))
        assert again == small
        assert hash(again) == hash(small)
        assert pickle.loads(pickle.dumps(small)) == small
        assert load_arch(small) is small
        with pytest.raises(ValidationError):
            small.batch = 2

    def test_fractions_where_they_make_sense(self, write):
        arch = load_arch(write(edited("{kib: 4,", "{kib: 0.5,").replace(": 16, b", ": 1.5, b")))
        assert arch.memory.output_sram.kib == 0.5
        assert arch.memory.dram.bytes_per_cycle == 1.5

    @pytest.mark.parametrize("text", ["5e2", "5.0e+2", "500.", "+500"])
    def test_every_decimal_spelling_of_a_number(self, write, text):
        # YAML 1.1 would take the first for text
        assert load_arch(write(edited("clock_mhz: 500", f"clock_mhz: {text}"))).clock_mhz == 500

    def test_text_means_the_same_to_other_readers_of_the_file(self, write):
        text = edited("name: small", "name: 'a: \"b\"'\nsource: >-\n  two\n  lines")
        arch = load_arch(write(text))
        other = yaml.safe_load(text)
        assert (arch.name, arch.source) == (other["name"], other["source"])


class TestOneError:
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
            ("500", "on", "2: clock_mhz: value on (which YAML reads as true): expected a number"),
            ("500", ".inf", "2: clock_mhz: value .inf: expected a finite number"),
            ("500", ".nan", "2: clock_mhz: value .nan: expected a finite number"),
            ("500", "1e999", "2: clock_mhz: value 1e999: too large for a number"),
            ("500", "2014-01-01", "2: clock_mhz: value 2014-01-01: YAML reads a date here"),
            ("500", "-1", "2: clock_mhz: value -1: expected a number over 0, at most 100000"),
            ("small", "off", "1: name: value off (which YAML reads as false): expected text"),
            ("small", "7", "1: name: value 7: expected text, not empty. Put it in quotes."),
            ("small", '""', "1: name: value '': expected text, not empty."),
            ("small", r'"\ud800"', "1: name: holds a character that cannot be printed"),
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
    def test_names_line_key_value_and_what_was_expected(self, refusal, old, new, expected):
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
    def test_names_the_nearest_valid_spelling(self, refusal, old, new, hint):
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
            ("a: " + "[" * 100_000, "arch.yaml:1: nested more than 8 levels deep"),
            ("a: " + "{a: " * 100_000, "arch.yaml:1: nested more than 8 levels deep"),
            ("#" * (1 << 20) + "\n", "arch.yaml: larger than 1 MiB"),
            (r'name: "\UFFFFFFFF"', "arch.yaml: not valid YAML: "),
        ],
    )
    def test_for_a_file_that_is_no_mapping_at_all(self, refusal, text, expected):
        lines = refusal(text)
        assert len(lines) == 1
        assert lines[0].startswith(expected)

    def test_for_a_file_that_cannot_be_read(self, tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            load_arch(tmp_path)
        with pytest.raises(InputError, match=r"no such file.*Did you mean 'pg_os'\?"):
            load_arch("pg-os")

    def test_lists_every_problem_in_the_order_of_the_file(self, refusal):
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

    def test_stays_short_for_a_file_that_is_all_wrong(self, refusal):
        lines = refusal("".join(f"wrong_{number}: 1\n" for number in range(500)))
        assert len(lines) == 51
        assert lines[-1].endswith("problems more")


class TestCrossChecks:
    @pytest.mark.parametrize("dataflow", ["ws", "is", "bitfusion"])
    def test_only_os_puts_positions_on_lanes(self, refusal, dataflow):
        (line,) = refusal(edited(": os", f": {dataflow}\n  lanes: positions"))
        assert line.startswith("arch.yaml:8: array.lanes: value 'positions': expected channels")

    @pytest.mark.parametrize("dataflow", ["os", "ws", "bitfusion"])
    def test_density_orders_channels_on_lanes(self, write, dataflow):
        text = edited(": auto", ": auto\n  lane_order: density").replace(": os", f": {dataflow}")
        assert load_arch(write(text)).lsb.lane_order == "density"

    @pytest.mark.parametrize("array", ["is", "os\n  lanes: positions"])
    def test_density_cannot_order_positions(self, refusal, array):
        text = edited(": auto", ": auto\n  lane_order: density").replace(": os", f": {array}")
        (line,) = refusal(text)
        assert "lsb.lane_order: value 'density': expected raster" in line

    @pytest.mark.parametrize("bits", [1, 3, 5, 6, 7, 12])
    def test_a_fusion_unit_is_a_power_of_two_wide(self, refusal, write, bits):
        widths = f"max_weight_bits: {bits}}}"
        (line,) = refusal(edited("fusion}", "fusion, " + widths))
        assert f"8: array.pe.max_weight_bits: value {bits}: expected a power of two" in line
        arch = load_arch(write(edited("fusion}", "fixed, " + widths)))
        assert arch.array.pe.max_weight_bits == bits

    def test_window_capacity_worked_by_hand(self, small):
        # 4 KiB = 32768 bits; half of them in 32-bit sums of 8 lanes: 16384 / 256 = 64 slots
        assert small.window_capacity == 64
        assert small.override({"memory.double_buffered": False}).window_capacity == 128
        # 5 rows: 64 slots are 12 folds and a rest
        assert small.override({"array.rows": 5}).window_capacity == 60
        assert small.override({"array.rows": 5, "array.dataflow": "ws"}).window_capacity == 64
        # 0.3 KiB = 2457.6 bits, half of them 1228.8: 4 slots and a rest
        tiny = {"memory.output_sram.kib": 0.3}
        assert small.override({**tiny, "array.dataflow": "is"}).window_capacity == 4
        # at least one fold, at least one slot, however small the buffer
        tiny = {"memory.output_sram.kib": 0.001, "array.rows": 7}
        assert small.override(tiny).window_capacity == 7
        assert small.override({**tiny, "array.dataflow": "ws"}).window_capacity == 1

    @pytest.mark.parametrize("window", [4, 60, 64])
    def test_a_window_that_the_buffer_holds(self, write, window):
        assert load_arch(write(edited(": auto", f": {window}"))).lsb.window == window

    @pytest.mark.parametrize(("window", "closest"), [(65, 64), (68, 64), (1, 4), (62, 64), (5, 4)])
    def test_a_window_that_it_does_not(self, refusal, window, closest):
        (line,) = refusal(edited(": auto", f": {window}"))
        assert line.startswith(f"arch.yaml:10: lsb.window: value {window}: expected auto or a mul")
        assert "a multiple of array.rows (4), at most 64 slots" in line
        assert line.endswith(f"The nearest is {closest}.")

    def test_other_dataflows_take_any_window_up_to_capacity(self, small):
        ws = small.override({"array.dataflow": "ws", "lsb.window": 63})
        assert ws.lsb.window == 63
        assert ws.override({"lsb.window": 64}).lsb.window == 64
        with pytest.raises(InputError, match=r"lsb\.window: value 65: .*at most 64 slots"):
            ws.override({"lsb.window": 65})

    def test_keys_of_schedulers_not_chosen_are_kept(self, write):
        arch = load_arch(write(edited(": auto", ": auto\n  scheduler: dense\n  depth: 99")))
        assert (arch.lsb.scheduler, arch.lsb.depth) == ("dense", 99)


class TestOverride:
    def test_gives_a_new_config_and_leaves_the_old(self, small):
        wide = small.override({"array.columns": 16, "lsb.ways": 8, "output_bits": 4})
        assert (wide.array.columns, wide.lsb.ways, wide.output_bits) == (16, 8, 4)
        assert (small.array.columns, small.lsb.ways, small.output_bits) == (8, 4, None)
        assert wide.override({"array.columns": 8, "lsb.ways": 4, "output_bits": None}) == small

    def test_checks_the_whole_again(self, small):
        window = small.override({"lsb.window": 64})
        with pytest.raises(InputError, match=r"small, overridden: lsb\.window: value 64"):
            window.override({"array.columns": 16})

    @pytest.mark.parametrize(
        ("key", "value", "expected"),
        [
            ("array.rowz", 4, "array.rowz: unknown key. Did you mean 'array.rows'?"),
            ("ways", 4, "ways: unknown key. Did you mean 'lsb.ways'?"),
            ("lsb", 4, "lsb: a section: expected one of its values: lsb.scheduler, lsb.ways"),
            ("array.rows.x", 4, "array.rows.x: unknown key. Did you mean 'array.rows'?"),
            ("qqq", 4, "qqq: unknown key. Expected one of name, source, clock_mhz"),
            ("array.rows", True, "array.rows: value True: expected a whole number from 1 to 1024"),
            ("array.rows", "4", "array.rows: value '4': expected a whole number from 1 to 1024"),
            ("clock_mhz", float("inf"), "clock_mhz: value inf: expected a number over 0"),
            ("array.pe.kind", "fixd", "array.pe.kind: value 'fixd': expected one of fixed, fus"),
        ],
    )
    def test_errors_name_the_dotted_key(self, small, key, value, expected):
        with pytest.raises(InputError) as caught:
            small.override({key: value})
        assert str(caught.value).startswith(f"small, overridden: {expected}")

    def test_reports_every_problem(self, small):
        with pytest.raises(InputError) as caught:
            small.override({"array.rows": 0, "array.colums": 1, "batch": 0})
        assert len(str(caught.value).splitlines()) == 3

    def test_takes_numpy_scalars_as_numbers(self, small):
        np = pytest.importorskip("numpy")
        wide = small.override({"array.rows": np.int64(32), "clock_mhz": np.float32(250)})
        assert (wide.array.rows, wide.clock_mhz) == (32, 250)
        assert type(wide.array.rows) is int

    def test_every_key_of_the_format_can_be_set_to_what_it_is(self, small):
        dump = small.model_dump()
        for key in config_keys():
            value = dump
            for part in key.split("."):
                value = value[part]
            assert small.override({key: value}) == small


def test_config_keys_are_those_of_the_format():
    assert {key for key in config_keys() if not key.endswith("source")} == {
        *("name", "clock_mhz", "technology", "batch", "output_bits"),
        *("array.rows", "array.columns", "array.dataflow", "array.lanes", "array.overlap"),
        *("array.pe.kind", "array.pe.max_activation_bits", "array.pe.max_weight_bits"),
        *("array.pe.terms", "lsb.scheduler", "lsb.ways", "lsb.open", "lsb.depth", "lsb.scan"),
        *("lsb.window", "lsb.lane_order", "lsb.gate_latency_cycles"),
        *("memory.lsb_fetch", "memory.double_buffered"),
        *("memory.dram.kind", "memory.dram.bytes_per_cycle", "memory.dram.burst_bytes"),
        *(
            f"memory.{buffer}_sram.{key}"
            for buffer in ("activation", "weight", "output")
            for key in ("kib", "banks", "port_bits")
        ),
    }


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
