"""pgsim schemes: what it lists, and that a scheme is asked for as it is listed."""

import re

import pytest

from pgsim import training
from pgsim.cli import VERBS
from pgsim.cli.trace import command as trace_command
from pgsim.results.table_files import read_table
from pgsim.schemes import SCHEMES

# As a person asks for them; A and W stand for numbers of bits.
LISTED = [
    "pg",
    "dual_dense",
    "full",
    "msb_only",
    "uniform:A,W",
    "uniform:A",
    "top:A,W",
    "top:A",
    "planes:A,A,...",
    "planes:A,A,.../W,W,...",
    "weight_planes:N",
    "table:FILE",
    "packed:A,W",
]


def test_every_scheme_is_listed_and_explained(run):
    lines = run("schemes").output.splitlines()
    assert [line.split()[0] for line in lines if line.startswith(tuple(LISTED))] == LISTED
    for scheme, meaning in SCHEMES.items():
        assert any(line.split() == [scheme, *meaning.split()] for line in lines)


def test_planes_say_which_operand_they_are_of(run):
    shown = " ".join(run("schemes").output.split())
    assert "planes:A,A,... Dense planes of A activation bits, most significant first" in shown
    assert "planes:A,A,.../W,W,... Dense planes of A activation bits by planes of W weight" in shown


@pytest.mark.parametrize(("scheme", "passes"), [("planes:2,2", 2), ("planes:2,2/4,4", 4)])
def test_planes_are_simulated(scheme, passes, small, run, tmp_path):
    # The layers have 4 activation and 8 weight bits; on fixed PEs every pass takes the same cycles.
    cycles = {}
    for asked in ("full", scheme):
        output = tmp_path / "layers.csv"
        run("simulate", small, "--arch", "fixed_8bit", "--scheme", asked, "-o", output)
        layers = read_table(output)
        assert set(layers["scheme"]) == {asked}
        cycles[asked] = layers["msb_cycles"] + layers["lsb_cycles"]
    assert cycles[scheme].tolist() == (passes * cycles["full"]).tolist()


@pytest.mark.parametrize(
    ("scheme", "problem"),
    [
        ("planes:2,3", "'gated' has 4 activation and 8 weight bits, and scheme 'planes:2,3' has"),
        ("planes:2,2/4,5", "has planes of 4 and 9 together"),
        ("planes:0,4", "expected planes of 1 bit or more, at most 16 bits together"),
        ("plane:2,2", "Did you mean 'planes:2,2'?"),
    ],
)
def test_planes_that_a_layer_does_not_have_are_refused(scheme, problem, small, run):
    assert problem in run("simulate", small, "--arch", "pg_os", "--scheme", scheme, code=2).stderr


# Those that the field's table of systems has in the first column of the documentation.
SYSTEMS = (
    "Precision Gating", "Bit-serial PG", "ODQ", "SeerNet", "DUET", "FracBNN", "Regions",
    "Regions (variable)", "DRQ", "Switchable 8", "Switchable 4", "Switchable 2",
    "PrecisionBatching", "Uniform 8", "Uniform 4", "Uniform 3", "Uniform 4x4", "Bit Fusion",
    "Stripes", "BSQ", "WRPN", "Packed memory", "XNOR-Net", "CPT", "Pragmatic", "Laconic",
    "Bit-Tactical", "Cnvlutin",
)  # fmt: skip


REGIONS = ("Regions", "Regions (variable)")


def test_every_system_of_the_field_has_a_line(run):
    shown = run("schemes").output
    systems = shown.partition("Systems of the field")[2].splitlines()[3:]
    names = [line.partition("  ")[0] for line in systems if line.strip()]
    assert [name for name in names if name] == list(SYSTEMS)  # others go on with the line above
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= 100


def asked(shown):
    """Return by system what the list says that runs it, the lines of a system joined."""
    found = {}
    for line in shown.partition("Systems of the field")[2].splitlines()[3:]:
        name, _, options = line.partition("  ")
        own = name or list(found)[-1]
        found[own] = f"{found.get(own, '')} {options.strip()}".strip()
    return found


@pytest.mark.parametrize("name", [each for each in SYSTEMS if each not in ("WRPN", "CPT")])
def test_what_is_listed_runs_the_system(name, run, tmp_path):
    # Where no design is named, any will do; the last two of the 500 images are simulated.
    trace = "resnet20_regions_8_5" if name in ("DRQ", *REGIONS) else "digits_pg_4_2"
    table = tmp_path / "bits.csv"
    table.write_text("layer,activation_bits,weight_bits\nconv2,3,5\n")
    listed, _, _ = asked(run("schemes").output)[name].partition(", ")  # what it is of comes behind
    for key, value in {"A": 2, "W": 4, "N": 3, "SHARE": 0.25, "FILE": table}.items():
        listed = re.sub(rf"(?<=[:,=]){key}\b", str(value), listed)
    options = listed.split()
    arch = [] if "--arch" in options else ["--arch", "pg_os"]
    images = [] if "operands" in options else ["--calibration-images", "498"]
    run("simulate", trace, *options, *arch, *images)


def test_other_systems_have_a_verb_or_a_function(run):
    shown = asked(run("schemes").output)
    assert shown["WRPN"].startswith("pgsim trace widen, then --scheme inner:A,W")
    assert "widen" in trace_command.commands
    assert "pgsim requests" in shown["Switchable 8"] and "requests" in VERBS
    assert shown["CPT"].startswith("pgsim.training") and callable(training)
