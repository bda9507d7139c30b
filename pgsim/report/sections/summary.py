"""The network's figures, of an image."""

from __future__ import annotations

from pgsim.report.markup import Html, element, paragraph
from pgsim.report.tables import full
from pgsim.results import COLUMNS, Result
from pgsim.results.numbers import decimal, quantity


def summary(result: Result) -> Html:
    """Return the figures of a network; each has its full value as `data-value`."""
    own, images = result.summary, result.images
    time_us, moved = own["time_us"] / images, own["dram_read_bytes"] + own["dram_write_bytes"]
    bits, gated = decimal([own["mac_average_bits"], own["gated_average_bits"]], 3)
    written = quantity(own["dram_write_bytes"] / images, "B")
    spread = f"p5 {own['cycles_per_image_p5']:,.1f}, p95 {own['cycles_per_image_p95']:,.1f}"
    product = own["energy_delay_product_pj_s"]
    figures = (
        ("time", "time_us", quantity(time_us * 1e-6, "s"), time_us, _clock(result)),
        ("cycles", "cycles_per_image", f"{own['cycles_per_image']:,.1f}",
         own["cycles_per_image"], spread),
        ("energy", "energy_pj_per_image", quantity(own["energy_pj_per_image"] * 1e-12, "J"),
         own["energy_pj_per_image"], ""),
        ("energy x delay", "energy_delay_product_pj_s", quantity(product * 1e-12, "J s"),
         product, ""),
        ("DRAM traffic", "dram_read_bytes", quantity(moved / images, "B"), moved / images,
         f"{written} of it written"),
        ("average bits", "mac_average_bits", bits, own["mac_average_bits"],
         f"over MACs; {gated} over gated outputs"),
        ("PE utilization", "pe_utilization", f"{own['pe_utilization']:.1%}",
         own["pe_utilization"], "useful bit operations"),
        ("area", "area_mm2", f"{own['area_mm2']:.3f} mm\N{SUPERSCRIPT TWO}", own["area_mm2"],
         f"{own['logic_area_mm2']:.3f} of it logic"),
    )  # fmt: skip
    one = "one image" if images == 1 else f"one of {images:,} images"
    return element(
        "div",
        paragraph(f"Time, cycles, energy and traffic are of {one}."),
        element("dl", *(_figure(*each) for each in figures), class_="figures"),
    )


def _clock(result: Result) -> str:
    return f"at {result.arch.mhz:,.0f} MHz"


def _figure(name: str, column: str, shown: str, value: float, note: str) -> Html:
    beside = element("small", note) if note else ""
    return element(
        "div",
        element("dt", name, title=COLUMNS[column].meaning),
        element("dd", shown, beside, data_value=full(value), data_name=name),
    )
