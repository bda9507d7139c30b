"""What of the model a case exercises, found with the stepped reference: is every rule reached?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations, pairwise

from reference import Pass
from reference.layers import layer_of
from reference.mapping import Job, TilePlan, runs_of, tiles_of
from reference.pixels import FoldByFold
from reference.plans import plan_tile
from reference.ports import bits_a_cycle, name_of_lanes, name_of_slots
from reference.schedulers import Mask, combine, queue, skip
from reference.sram import lane_bits, sum_visits, tile_accesses

from rtl.arithmetic import leading_passes
from rtl.cases import Case
from rtl.harness import expected_outputs, mask_of

UNLIMITED = 10**6


def features(case: Case, counts: dict[str, int]) -> Iterator[str]:
    """Name what a case has; counts: its cycles, as the RTL and pgsim report them."""
    shape, layer = case.shape, case.layer
    yield layer["op"]
    yield from (("strided",) if max(shape.stride) > 1 else ())
    yield from (("padded",) if max(map(max, shape.margins)) > 0 else ())
    yield from (("grouped",) if shape.groups > 1 else ())
    yield from (("signed",) if layer["signed"] else ())
    yield from (("port stalls",) if counts["port_stall_cycles"] else ())
    job = Job(layer_of(layer), case.passes, case.arch)
    plans = list(_plans(case, job))
    if case.arch["memory"]["ports"] == "all":
        yield from _port_features(job, plans, counts)
    several_windows = any(not plan.tile.opens_lane_group for plan in plans)
    yield from (("several windows",) if several_windows else ())
    yield from (("operands stay over windows",) if job.operands_stay and several_windows else ())
    if job.gated:
        yield from _mask_features(case, plans)


def pass_features(case: Case) -> Iterator[str]:
    """Name what a case's list of passes has."""
    passes, layer = case.passes, case.layer
    job = Job(layer_of(layer), passes, case.arch)
    gates = [one.gated for one in passes]
    yield f"{len(passes)} pass" + "es" * (len(passes) > 1)
    if job.gated and job.leading > 1:
        yield "a gate decides about several passes"
    if sum(gates) > 1:
        yield "several gated passes"
    if (True, False) in pairwise(gates):
        yield "dense after gated"
    if gates == [False, True, False, True]:
        yield "dense, gated, dense, gated"
    if any(one.weight.bits < layer["weight_bits"] for one in passes):
        yield "planes of weights"
    if any(_overlap(*pair) for pair in combinations(passes, 2)):
        yield "planes that overlap"
    if job.operands_stay and len(passes) > 1:
        yield "operands stay over passes"
    if max(layer["activation_bits"], layer["weight_bits"]) > 8:
        yield "operands wider than a byte"


def pixel_features(case: Case) -> Iterator[str]:
    """Name what a case under a mask of input pixels has."""
    job = Job(layer_of(case.layer), case.passes, case.arch)
    gated = [
        one for plan in _plans(case, job) for one in plan.passes if isinstance(one, FoldByFold)
    ]
    depth = job.layer.group_in_channels
    if any(len({k // depth for k in own}) > 1 for one in gated for own in one.elements):
        yield "folds of several taps"
    if any(0 < len(one.elements) < len(one.every_mask) for one in gated):
        yield "a fold does not happen"
    if any(not one.happens for one in gated):
        yield "a pass does not happen"
    if any(len({len(issue.slots) for issue in one.issues}) > 1 for one in gated):
        yield "folds issue unlike slots"
    if sum(one.gated for one in case.passes) > 1:
        yield "several gated passes"
    if job.operands_stay:
        yield "operands stay over passes"
    sram = case.arch["memory"]["activation_sram"]
    if sram["banks"] * sram["port_bits"] < 16:
        yield "a narrow port"


def _port_features(job: Job, plans: list[TilePlan], counts: dict[str, int]) -> Iterator[str]:
    """Say which ports a pass of a tile waits for, were it alone that is limited."""
    yield from (("all ports are waited for",) if counts["port_stall_cycles"] else ())
    banks = job.arch["memory"][name_of_slots(job)]["banks"]
    gated = [one for plan in plans for one in plan.passes if job.passes[one.index].gated]
    members = [slots for one in gated for slots in one.issue.members if len(slots) > 1]
    if any(len({slot % banks for slot in slots}) < len(slots) for slots in members):
        yield "vectors of an issue slot share a bank"
    widest = max(lane_bits(job, one.index) * job.rate(one.index)[0] for one in plans[0].passes)
    if widest * len(plans[0].tile.lanes) > bits_a_cycle(job, name_of_lanes(job)):
        yield "a row of lanes takes several cycles"
    if job.arch["memory"]["lsb_fetch"] == "on_demand" and any(one.happens for one in gated):
        yield "bursts come after the gate"
    if any(_outputs_wait(job, plan) for plan in plans):
        yield "outputs take longer than a pass"


def _outputs_wait(job: Job, plan: TilePlan) -> bool:
    moved = Counter()
    visits = [sum_visits(job, plan, index) for index in range(len(job.passes))]
    for index, _, bits in tile_accesses(job, plan, visits, output_bits=1):
        moved[index] += bits
    steps = {
        one.index: sum(fold.steps for fold in one.folds) * job.rate(one.index)[1]
        for one in plan.passes
    }
    rate = bits_a_cycle(job, "output_sram")
    return any(bits > rate * steps[index] for index, bits in moved.items())


def _overlap(one: Pass, other: Pass) -> bool:
    """Whether two passes share bits of both operands without having the same planes."""
    shared = [
        set(a.covers) & set(b.covers)
        for a, b in ((one.activation, other.activation), (one.weight, other.weight))
    ]
    same = (one.activation, one.weight) == (other.activation, other.weight)
    return all(shared) and not same


def _plans(case: Case, job: Job) -> Iterator[TilePlan]:
    masks = mask_of(case).astype(int).tolist()
    for run in runs_of(job, len(case.activations)):
        for tile in tiles_of(job, run, None):
            yield plan_tile(job, tile, masks)


def _mask_features(case: Case, plans: list[TilePlan]) -> Iterator[str]:
    mask = expected_outputs(case).mask
    density = mask.mean()
    kinds = {0: "density 0", 1: "density 1"}
    yield kinds.get(density, "sparse" if density < 0.25 else "dense")
    if mask.shape[2] > 8:  # neighbouring positions agree more often than chance would have it
        agree = (mask[..., 1:] == mask[..., :-1]).mean()
        if 0.1 < density < 0.9 and agree > 0.2 + density**2 + (1 - density) ** 2:
            yield "clustered"
    first_gated = leading_passes(case.passes)
    empty = [not plan.passes[first_gated].happens for plan in plans]
    if any(empty) and not all(empty):
        yield "some gated passes empty"
    tiles = [plan.mask for plan in plans if plan.mask]
    yield from _scheduler_features(case, tiles)


def _scheduler_features(case: Case, tiles: list[Mask]) -> Iterator[str]:
    """Say whether a scheduler's limits matter: without one it would issue another number."""
    build = case.build

    def issued(ways: int, open_slots: int, depth: int, scan: int) -> int:
        schedules = {
            "combine": lambda mask: combine(mask, ways, open_slots),
            "queue": lambda mask: queue(mask, depth, scan),
        }
        return sum(len(schedules[build.scheduler](mask).slots) for mask in tiles)

    if build.scheduler not in ("combine", "queue"):
        return
    limits = {"ways": build.ways, "open_slots": build.open}
    limits |= {"depth": build.depth, "scan": build.scan}
    own = issued(**limits)
    if own < sum(len(skip(mask).slots) for mask in tiles):
        yield f"{build.scheduler} saves slots"
    mattering = ("ways", "open_slots") if build.scheduler == "combine" else ("depth", "scan")
    for name in mattering:
        if issued(**limits | {name: UNLIMITED}) != own:
            yield f"{name} matter{'s' * (name in ('depth', 'scan'))}"
