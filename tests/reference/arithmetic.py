"""M2: the outputs of a list of passes, in plain arithmetic and as the stepped array sums them up.

Outputs are [image][channel][position] of integers, the positions of all time steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .array import Product, step_run
from .layers import Layer, Pass, Scheme, at_speed, layer_of, passes_of, plane_of
from .mapping import Job, LayerMask, Run, output_index, runs_of, tiles_of
from .plans import plan_tile

Activations = Sequence[Sequence[Sequence[int]]]  # [image][in channel][pixel], or [..][time step]
Weights = Sequence[
    Sequence[int]
]  # [out channel][reduction index: kernel tap, then group input channel]
Outputs = list[list[list[int]]]
Output = tuple[int, int, int]  # image, channel, position


def operands(
    layer: Layer, activations: Activations, weights: Weights, output: Output
) -> Iterator[tuple[int, int]]:
    """The (activation, weight) pairs of one output's reduction, in order; padding is zero."""
    image, channel, position = output
    depth = layer.group_in_channels
    first_channel = channel // layer.group_channels * depth
    recurrent = layer.op == "recurrent"
    pixels = [position] if recurrent else layer.window_pixels(position)
    for tap, pixel in enumerate(pixels):
        for d in range(depth):
            activation = 0 if pixel is None else activations[image][first_channel + d][pixel]
            yield activation, weights[channel][tap * depth + d]


def product_of_planes(layer: Layer, one: Pass, activation: int, weight: int) -> int:
    """What a PE makes of two operands in one pass."""
    of_activation = plane_of(activation, one.activation, layer.activation_bits)
    return of_activation * plane_of(weight, one.weight, layer.weight_bits)


def weight_of_pass(one: Pass) -> int:
    """What a pass's sum counts for, because its planes begin above bit 0."""
    return 2 ** (one.activation.low + one.weight.low)


def gated_outputs(
    layer: Mapping[str, Any],
    activations: Activations,
    weights: Weights,
    mask: LayerMask | None,
    scheme: Scheme = "pg",
) -> Outputs:
    """The sum of all dense passes, plus that of the gated ones where the mask is 1.

    Of `pg` that is section 1 of the design: O_hb * 2^B_lb, plus W * I_lb where the mask is 1.
    """
    shape = layer_of(layer)
    passes = passes_of(shape, scheme)

    def output(image: int, channel: int, position: int) -> int:
        pairs = list(operands(shape, activations, weights, (image, channel, position)))
        total = 0
        for one in passes:
            if not one.gated or (mask is not None and mask[image][channel][position]):
                total += weight_of_pass(one) * sum(product_of_planes(shape, one, *p) for p in pairs)
        return total

    if shape.gate == "input" and any(one.gated for one in passes):
        return _outputs_of_pixels(shape, passes, activations, weights, mask)
    positions = range(_positions(shape))
    return [
        [[output(i, c, p) for p in positions] for c in range(shape.out_channels)]
        for i in range(len(activations))
    ]


def _outputs_of_pixels(
    layer: Layer,
    passes: Sequence[Pass],
    activations: Activations,
    weights: Weights,
    mask: LayerMask | None,
) -> Outputs:
    """M52: a gated pass takes the planes of important pixels: W·(I_hb·2^B_lb + mask·I_lb)."""
    outputs: Outputs = [[[0] * _positions(layer) for _ in weights] for _ in activations]
    for one in passes:
        taken = taken_by(one, activations, mask)
        for image, channels in enumerate(outputs):
            for channel, sums in enumerate(channels):
                for position in range(len(sums)):
                    pairs = operands(layer, taken, weights, (image, channel, position))
                    products = sum(product_of_planes(layer, one, *pair) for pair in pairs)
                    sums[position] += weight_of_pass(one) * products
    return outputs


def _positions(layer: Layer) -> int:
    return layer.positions_per_step * layer.time_steps


def taken_by(one: Pass, activations: Activations, mask: LayerMask | None) -> Activations:
    """M52: the activations with zeros for pixels that a pass does not take."""
    if not one.gated:
        return activations
    assert mask is not None
    return [
        [[value * bit for value, bit in zip(plane, own[0], strict=True)] for plane in planes]
        for planes, own in zip(activations, mask, strict=True)
    ]


def stepped_outputs(
    layer: Mapping[str, Any],
    arch: Mapping[str, Any],
    activations: Activations,
    weights: Weights,
    mask: LayerMask | None,
    calibration_mask: LayerMask | None = None,
    scheme: Scheme = "pg",
) -> Outputs:
    """The outputs that the stepped array accumulates, pass by pass and MAC by MAC, in its own
    order."""
    shape = layer_of(layer)
    passes = at_speed(shape, passes_of(shape, scheme), arch["array"].get("speed", "steady"))
    job = Job(shape, passes, arch, first=True)
    positions = shape.positions_per_step * shape.time_steps
    outputs: Outputs = [[[0] * positions for _ in range(shape.out_channels)] for _ in activations]
    for run in runs_of(job, len(activations)):
        plans = [plan_tile(job, tile, mask) for tile in tiles_of(job, run, calibration_mask)]
        where = outputs_of(job, run)
        every = [part for one in job.passes for part in one.parts or (one,)]
        taken = [
            taken_by(one, activations, mask) if job.gated_inputs else activations for one in every
        ]
        pairs = [
            {index: list(operands(shape, own, weights, output)) for index, output in where.items()}
            for own in taken
        ]
        *_, ledger = step_run(job, plans, run.images, product_of(job, pairs))
        for one, sums in zip(job.passes, ledger.sums, strict=True):
            factor = 1 if one.parts else weight_of_pass(one)
            for index, (image, channel, position) in where.items():
                outputs[image][channel][position] += factor * sums[index]
    return outputs


def outputs_of(job: Job, run: Run) -> dict[int, Output]:
    """Which output of the layer each output of a run is."""
    layer = job.layer
    first_position = run.step * layer.positions_per_step
    return {
        output_index(job, i, c, p): (run.first_image + i, c, first_position + p)
        for i in range(run.images)
        for c in range(layer.out_channels)
        for p in range(layer.positions_per_step)
    }


def product_of(job: Job, pairs: Sequence[Mapping[int, Sequence[tuple[int, int]]]]) -> Product:
    """The product that a PE forms of the k-th operands of an output of the run, in one pass.

    pairs: of each pass, the operands of each output.
    """

    def product(index: int, output: int, k: int) -> int:
        parts = job.passes[index].parts
        if parts:  # M53: one after the other, each in its place
            return sum(
                weight_of_pass(one) * product_of_planes(job.layer, one, *own[output][k])
                for one, own in zip(parts, pairs, strict=True)
            )
        return product_of_planes(job.layer, job.passes[index], *pairs[index][output][k])

    return product
