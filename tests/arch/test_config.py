"""Architecture files: what they say, and what of it must fit together."""

import pickle

import pytest
import yaml
from arch_files import MINIMAL, edited
from pydantic import ValidationError

from pgsim.arch import config_keys, load_arch, load_technology
from pgsim.arch.windows import density_refusal
from pgsim.errors import InputError
from pgsim.files import shipped_names

NAMES = [
    "bitfusion_isca_2018",
    "cnvlutin_isca_2016",
    "eyeriss_isca_2016",
    "fixed_8bit",
    "laconic_isca_2019",
    "pg_os",
    "pg_serial",
    "pg_ws",
    "pragmatic_micro_2017",
    "tactical_asplos_2019",
    "tpu_like",
]


def test_defaults_are_those_of_the_format(small):
    assert (small.source, small.batch, small.output_bits) == ("", 1, None)
    assert (small.array.lanes, small.array.overlap) == ("channels", "folds")
    pe = small.array.pe
    assert (pe.max_activation_bits, pe.max_weight_bits, pe.terms) == (8, 8, 16)
    lsb = small.lsb
    assert (lsb.scheduler, lsb.ways, lsb.open, lsb.depth, lsb.scan) == ("skip", 4, 8, 16, 4)
    assert (lsb.window, lsb.lane_order) == ("auto", "raster")
    assert lsb.gate_latency_cycles == 0
    assert small.array.register_files.words == 0
    assert (small.memory.lsb_fetch, small.memory.double_buffered) == ("with_msb", True)
    assert (small.array.first_layer, small.memory.counting) == ("as_others", "per_read")


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


def test_rows_that_stay_have_no_beats_for_all_ports(small):
    with pytest.raises(InputError, match=r"memory\.ports: value 'all': expected slots where array"):
        small.override({"array.dataflow": "row_stationary", "memory.ports": "all"})


@pytest.mark.parametrize("dataflow", ["os", "ws", "bitfusion"])
def test_density_orders_channels_on_lanes(write, dataflow):
    text = edited(": auto", ": auto\n  lane_order: density").replace(": os", f": {dataflow}")
    assert load_arch(write(text)).lsb.lane_order == "density"


@pytest.mark.parametrize("array", ["is", "os\n  lanes: positions"])
def test_density_cannot_order_positions(refusal, array):
    text = edited(": auto", ": auto\n  lane_order: density").replace(": os", f": {array}")
    (line,) = refusal(text)
    assert "lsb.lane_order: value 'density': expected raster" in line


def test_an_order_by_density_is_refused_by_its_own_name(small):
    found = density_refusal("by_rank", small.array)
    assert found.startswith("value 'by_rank': expected raster: density orders channels, and lanes")


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


def test_an_output_buffer_holds_one_fold_or_one_slot_at_least(small):
    # A fold of 4 rows by 8 columns is 1024 bits, a slot 256; a half of 0.25 KiB has 1024.
    few_banks = {"memory.output_sram.banks": 1, "memory.output_sram.kib": 0.25}
    assert small.override(few_banks).window_capacity == 4
    message = (
        r"memory\.output_sram\.kib: value 0\.25: expected at least 0\.3125: half of it holds a "
        r"window of 5 slots, 8 sums of 32 bits each\."
    )
    with pytest.raises(InputError, match=message):
        small.override(few_banks | {"array.rows": 5})
    ws = few_banks | {"array.dataflow": "ws", "memory.output_sram.kib": 0.0625}
    assert small.override(ws).window_capacity == 1
    with pytest.raises(InputError, match=r"at least 0\.0625: .* a window of 1 slots"):
        small.override(ws | {"memory.output_sram.kib": 0.0624})
    with pytest.raises(InputError, match=r"kib: .* expected at least 0\.15625: it holds a window"):
        small.override(
            few_banks
            | {"array.rows": 5, "memory.output_sram.kib": 0.15, "memory.double_buffered": False}
        )


@pytest.mark.parametrize("buffer", ["activation", "weight", "output"])
def test_a_buffer_has_a_word_in_each_bank(small, buffer):
    # 4 banks of 128 bits are 512 bits, and as many in the other half: 0.125 KiB.
    sram = f"memory.{buffer}_sram"
    words = {f"{sram}.banks": 4, f"{sram}.port_bits": 128, "array.rows": 1, "array.columns": 1}
    smallest = small.override(words | {f"{sram}.kib": 0.125})
    assert smallest.memory.buffers[buffer].kib == 0.125
    message = (
        rf"{buffer}_sram\.kib: value 0\.12: expected at least 0\.125: each of 4 banks has a word "
        r"of 128 bits in each half\."
    )
    with pytest.raises(InputError, match=message):
        small.override(words | {f"{sram}.kib": 0.12})
    one_buffer = words | {f"{sram}.kib": 0.0625, "memory.double_buffered": False}
    assert small.override(one_buffer).memory.buffers[buffer].kib == 0.0625
    with pytest.raises(InputError, match=r"at least 0\.0625: .* of 128 bits\."):
        small.override(one_buffer | {f"{sram}.kib": 0.0624})


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
        *("name", "clock_mhz", "technology", "corner", "batch", "output_bits"),
        *("array.rows", "array.columns", "array.dataflow", "array.lanes", "array.overlap"),
        *("array.first_layer", "array.convention", "array.speed", "array.predictor_share"),
        *("memory.counting", "memory.overlap"),
        *("array.pe.kind", "array.pe.max_activation_bits", "array.pe.max_weight_bits"),
        *("array.pe.zero_gating", "array.pe.terms", "array.pe.signed_digits"),
        *("array.pe.first_stage_bits", "array.pe.weight_registers"),
        *("array.pe.lookahead", "array.pe.lookaside"),
        *(f"array.register_files.{each}_words" for each in ("activation", "weight", "sum")),
        *("lsb.scheduler", "lsb.ways", "lsb.open", "lsb.depth", "lsb.scan"),
        *("lsb.window", "lsb.lane_order", "lsb.gate_latency_cycles"),
        *("memory.lsb_fetch", "memory.double_buffered", "memory.retain", "memory.ports"),
        *("mapping.kind", "mapping.objective", "mapping.images", "mapping.nests"),
        *("memory.dram.kind", "memory.dram.bytes_per_cycle", "memory.dram.gb_per_s"),
        *("memory.dram.burst_bytes", "memory.dram.model", "memory.dram.channels"),
        *("memory.dram.page_bytes", "memory.dram.row_miss_ns"),
        *("memory.dram.refresh_ns", "memory.dram.refresh_interval_ns"),
        *(
            f"memory.{buffer}_sram.{key}"
            for buffer in ("activation", "weight", "output")
            for key in ("kib", "banks", "port_bits")
        ),
    }
