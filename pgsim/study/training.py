"""What training costs over a schedule of precisions (CPT, Fu et al., ICLR 2021; MODEL.md M57)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pgsim.arch import ArchConfig, load_arch
from pgsim.errors import InputError
from pgsim.study.precision_schedule import PRODUCTS, CyclicPrecision
from pgsim.study.simulation import simulate
from pgsim.workload import GateTrace, LayerShape, LayerTrace, load_trace

if TYPE_CHECKING:
    import pandas as pd


class Step(NamedTuple):
    """What the products of an image take at a width: cycles and pJ, by product."""

    cycles: Mapping[str, float]
    energy_pj: Mapping[str, float]

    @property
    def all_cycles(self) -> float:
        """Cycles of the three products together."""
        return sum(self.cycles.values())

    @property
    def all_energy_pj(self) -> float:
        """Energy of the three products together."""
        return sum(self.energy_pj.values())


@dataclass(frozen=True, repr=False)
class Training:
    """What a training takes on a design, an image of each iteration.

    Attributes
    ----------
    trace, arch : str
        The network and the design.
    schedule : CyclicPrecision
        Its bits.
    steps : mapping of int to Step
        By width.
    saved_cycles, saved_energy : float
        The part that is saved against training at the highest bits throughout.
    table : DataFrame
        One row per width and product.
    """

    trace: str
    arch: str
    schedule: CyclicPrecision
    steps: Mapping[int, Step]

    def __repr__(self) -> str:
        return f"<Training of {self.trace} on {self.arch} at {self.schedule.name} bits>"

    @property
    def saved_cycles(self) -> float:
        """The part of the cycles that the schedule saves."""
        return self._saved({bits: step.all_cycles for bits, step in self.steps.items()})

    @property
    def saved_energy(self) -> float:
        """The part of the energy that the schedule saves."""
        return self._saved({bits: step.all_energy_pj for bits, step in self.steps.items()})

    def _saved(self, taken: Mapping[int, float]) -> float:
        spent = sum(times * taken[bits] for bits, times in self.schedule.counts.items())
        return 1 - spent / (self.schedule.iterations * taken[self.schedule.highest])

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per width and product, of an image."""
        import pandas as pd

        return pd.DataFrame(
            {
                "bits": bits,
                "iterations": self.schedule.counts.get(bits, 0),
                "product": product,
                "cycles": round(step.cycles[product]),
                "energy_pj": step.energy_pj[product],
            }
            for bits, step in self.steps.items()
            for product in PRODUCTS
        )


def training(
    trace: GateTrace | str | Path, arch: ArchConfig | str | Path, schedule: CyclicPrecision
) -> Training:
    """Simulate the three products of training a network, at every width of a schedule.

    Parameters
    ----------
    trace : GateTrace, str or Path
        The network; its gates are left out.
    arch : ArchConfig, str or Path
        The design.
    schedule : CyclicPrecision
        The bits.

    Returns
    -------
    Training
        `.table`, `.saved_cycles` and `.saved_energy`.

    Raises
    ------
    InputError
        As `simulate` does, and for PEs that go by values: those of errors are not known.

    Notes
    -----
    Source: MODEL.md M57.

    Examples
    --------
    >>> found = training("digits_pg_4_2", "fixed_8bit", CyclicPrecision(3, 8, 8))
    >>> found.saved_cycles < 0.01 < found.saved_energy  # fixed PEs wait less, and gain no more
    True
    """
    trace = trace if isinstance(trace, GateTrace) else load_trace(trace)
    arch = _in_order(load_arch(arch))
    if arch.pe.by_values:
        raise InputError(
            f"{arch.name}: PE {arch.pe.name} goes by the values of operands, and those of errors "
            "are not known: choose PEs that go by bits, such as array.pe.kind serial_activation"
        )
    networks = {name: _network(trace, layers) for name, layers in product_layers(trace).items()}
    widths = sorted({*schedule.counts, schedule.highest})
    steps = {bits: _step(networks, arch, schedule.products(bits)) for bits in widths}
    return Training(trace.name, arch.name, schedule, steps)


def _in_order(arch: ArchConfig) -> ArchConfig:
    """Return a design whose channels stay in order: without gates no mask could order them."""
    return arch.override({"lsb.lane_order": "raster", "name": arch.name})


def _step(
    networks: Mapping[str, GateTrace], arch: ArchConfig, bits: Mapping[str, tuple[int, int]]
) -> Step:
    cycles, energy = (dict.fromkeys(PRODUCTS, 0.0) for _ in range(2))
    for name, network in networks.items():
        if not network.layers:  # a network of one layer has no error product
            continue
        activation, weight = bits[name]
        found = simulate(network, arch, f"uniform:{activation},{weight}").summary
        cycles[name] = float(found["cycles_per_image"])
        energy[name] = float(found["energy_pj_per_image"])
    return Step(cycles, energy)


def product_layers(trace: GateTrace) -> dict[str, tuple[LayerShape, ...]]:
    """Return the layers that compute a network's three products.

    The first layer has no error product: nobody asks for the gradient of the picture.

    Examples
    --------
    >>> products = product_layers(load_trace("digits_pg_4_2"))
    >>> sum(each.macs for each in products["gradient"]) == sum(
    ...     each.macs for each in products["forward"]
    ... )
    True
    """
    shapes = [layer.shape for layer in trace.layers]
    ungated = tuple(each.replace(gate="none", msb_bits=None, zeros=None) for each in shapes)
    return {
        "forward": ungated,
        "error": tuple(_matrix_product(each, *_error_sizes(each)) for each in shapes[1:]),
        "gradient": tuple(_matrix_product(each, *_gradient_sizes(each)) for each in shapes),
    }


def _error_sizes(shape: LayerShape) -> tuple[int, int, int]:
    """Return positions, inputs and outputs of a group: errors of outputs by weights."""
    return shape.outputs_per_channel, shape.channels_per_group, shape.reduction


def _gradient_sizes(shape: LayerShape) -> tuple[int, int, int]:
    """Return the same of errors of outputs by the activations that they were made of."""
    return shape.reduction, shape.outputs_per_channel, shape.channels_per_group


def _matrix_product(shape: LayerShape, positions: int, inputs: int, outputs: int) -> LayerShape:
    """Return a product of two matrices for each group, as a convolution of 1 x 1."""
    return LayerShape(
        name=shape.name,
        op="conv2d",
        in_size=(1, positions),
        kernel=(1, 1),
        in_channels=inputs * shape.groups,
        out_channels=outputs * shape.groups,
        groups=shape.groups,
        activation_bits=shape.activation_bits,
        weight_bits=shape.weight_bits,
        gate="none",
    )


def _network(trace: GateTrace, layers: Sequence[LayerShape]) -> GateTrace:
    return GateTrace(
        trace.name,
        trace.model,
        trace.dataset,
        trace.mask_source,
        1,
        {},
        {},
        tuple(_traces(layers)),
    )


def _traces(layers: Sequence[LayerShape]) -> Iterator[LayerTrace]:
    for each in layers:
        yield LayerTrace(each)
