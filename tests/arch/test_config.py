"""Architecture files: what they say, and what of it must fit together."""

import pickle

import pytest
import yaml
from arch_files import MINIMAL, edited
from pydantic import ValidationError

from pgsim.arch import config_keys, load_arch, load_technology
from pgsim.errors import InputError
from pgsim.files import shipped_names

NAMES = ["bitfusion_isca_2018", "fixed_8bit", "pg_os", "pg_serial", "pg_ws"]


def test_defaults_are_those_of_the_format(small):
    assert (small.source, small.batch, small.output_bits) == ("", 1, None)
    assert (small.array.lanes, small.array.overlap) == ("channels", "folds")
    pe = small.array.pe
    assert (pe.max_activation_bits, pe.max_weight_bits, pe.terms) == (8, 8, 16)
    lsb = small.lsb
    assert (lsb.scheduler, lsb.ways, lsb.open, lsb.depth, lsb.scan) == ("skip", 4, 8, 16, 4)
    assert (lsb.window, lsb.lane_order) == ("auto", "raster")
    assert lsb.gate_latency_cycles == 0
    assert (small.memory.lsb_fetch, small.memory.double_buffered) == ("with_msb", True)


def test_a_section_of_schedulers_may_be_left_out(write, small):
    assert load_arch(write(edited("lsb:\n  window: auto\n", ""))) == small


@pytest.mark.parametrize("name", NAMES)
def test_shipped_designs_load_and_say_where_they_come_from(name):
    arch = load_arch(name)
    assert arch.source
    technology = load_technology(arch.technology)
    assert technology.dram_pj_per_bit(arch.memory.dram.kind) > 0


def test_no_shipped_design_is_untested():
    assert shipped_names("arch_configs", ".yaml") == NAMES


def test_the_published_design_is_as_published():
    # bf_e_conf.ini of Bit Fusion's simulator: a 16, c 32, 500 MHz, 64/32/16 KiB, 192 bits
    arch = load_arch("bitfusion_isca_2018")
    assert (arch.array.rows, arch.array.columns, arch.clock_mhz) == (16, 32, 500)
    memory = arch.memory
    assert memory.weight_sram.kib == 64
    assert memory.activation_sram.kib == 32
    assert memory.output_sram.kib == 16
    assert memory.dram.bytes_per_cycle * 8 == 192


def test_a_config_is_a_value(small, write):
    again = load_arch(write(MINIMAL))
    assert again == small
    assert hash(again) == hash(small)
    assert pickle.loads(pickle.dumps(small)) == small
    assert load_arch(small) is small
    with pytest.raises(ValidationError):
        small.batch = 2


def test_fractions_where_they_make_sense(write):
    arch = load_arch(write(edited("{kib: 4,", "{kib: 0.5,").replace(": 16, b", ": 1.5, b")))
    assert arch.memory.output_sram.kib == 0.5
    assert arch.memory.dram.bytes_per_cycle == 1.5


@pytest.mark.parametrize("text", ["5e2", "5.0e+2", "500.", "+500"])
def test_every_decimal_spelling_of_a_number(write, text):
    # YAML 1.1 would take the first for text
    assert load_arch(write(edited("clock_mhz: 500", f"clock_mhz: {text}"))).clock_mhz == 500


def test_text_means_the_same_to_other_readers_of_the_file(write):
    text = edited("name: small", "name: 'a: \"b\"'\nsource: >-\n  two\n  lines")
    arch = load_arch(write(text))
    other = yaml.safe_load(text)
    assert (arch.name, arch.source) == (other["name"], other["source"])


@pytest.mark.parametrize("dataflow", ["ws", "is", "bitfusion"])
def test_only_os_puts_positions_on_lanes(refusal, dataflow):
    (line,) = refusal(edited(": os", f": {dataflow}\n  lanes: positions"))
    assert line.startswith("arch.yaml:8: array.lanes: value 'positions': expected channels")


@pytest.mark.parametrize("dataflow", ["os", "ws", "bitfusion"])
def test_density_orders_channels_on_lanes(write, dataflow):
    text = edited(": auto", ": auto\n  lane_order: density").replace(": os", f": {dataflow}")
    assert load_arch(write(text)).lsb.lane_order == "density"


@pytest.mark.parametrize("array", ["is", "os\n  lanes: positions"])
def test_density_cannot_order_positions(refusal, array):
    text = edited(": auto", ": auto\n  lane_order: density").replace(": os", f": {array}")
    (line,) = refusal(text)
    assert "lsb.lane_order: value 'density': expected raster" in line


@pytest.mark.parametrize("bits", [1, 3, 5, 6, 7, 12])
def test_a_fusion_unit_is_a_power_of_two_wide(refusal, write, bits):
    widths = f"max_weight_bits: {bits}}}"
    (line,) = refusal(edited("fusion}", "fusion, " + widths))
    assert f"8: array.pe.max_weight_bits: value {bits}: expected a power of two" in line
    arch = load_arch(write(edited("fusion}", "fixed, " + widths)))
    assert arch.array.pe.max_weight_bits == bits


def test_window_capacity_worked_by_hand(small):
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
def test_a_window_that_the_buffer_holds(write, window):
    assert load_arch(write(edited(": auto", f": {window}"))).lsb.window == window


@pytest.mark.parametrize(("window", "closest"), [(65, 64), (68, 64), (1, 4), (62, 64), (5, 4)])
def test_a_window_that_it_does_not(refusal, window, closest):
    (line,) = refusal(edited(": auto", f": {window}"))
    assert line.startswith(f"arch.yaml:10: lsb.window: value {window}: expected auto or a mul")
    assert "a multiple of array.rows (4), at most 64 slots" in line
    assert line.endswith(f"The nearest is {closest}.")


def test_other_dataflows_take_any_window_up_to_capacity(small):
    ws = small.override({"array.dataflow": "ws", "lsb.window": 63})
    assert ws.lsb.window == 63
    assert ws.override({"lsb.window": 64}).lsb.window == 64
    with pytest.raises(InputError, match=r"lsb\.window: value 65: .*at most 64 slots"):
        ws.override({"lsb.window": 65})


def test_keys_of_schedulers_not_chosen_are_kept(write):
    arch = load_arch(write(edited(": auto", ": auto\n  scheduler: dense\n  depth: 99")))
    assert (arch.lsb.scheduler, arch.lsb.depth) == ("dense", 99)


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
