"""Counts that would not fit 64 bits are refused, and those that just fit are not."""

from __future__ import annotations

import pytest
from designs import linear
from jobs import job_of

from pgsim import InputError
from pgsim.model.bounds import check_counts


def refusal(job: object, images: int) -> str:
    with pytest.raises(InputError) as caught:
        check_counts(job, images)
    return str(caught.value)


def test_busy_cycles_just_fit() -> None:
    # 2^18 outputs of 2^20 steps of 16 x 16 cycles are 2^46 an image.
    layer = linear(
        2**10, 2**20, 2**8, gate="none", msb_bits=None, activation_bits=16, weight_bits=16
    )
    job = job_of(layer, changes={"array.pe.kind": "serial_both", "array.pe.terms": 1})
    check_counts(job, 2**16)
    said = refusal(job, 2**16 + 1)
    assert said.startswith("layer 'linear' on test-4x2: ")
    assert f"{2**62 + 2**46} busy PE cycles over {2**16 + 1} images" in said


def test_bits_of_gated_vectors_just_fit() -> None:
    # One output of 2^20 elements; 2 LSBs of each are read, and passed on by a column: 2^22 bits.
    job = job_of(linear(1, 2**20, 1), None, {"array.columns": 1}, "pg")
    check_counts(job, 2**40)
    assert f"{2**62 + 2**22} bits of operand vectors" in refusal(job, 2**40 + 1)
    # Two columns pass them on thrice as often as they are read.
    wider = job_of(linear(1, 2**20, 1), None, {"array.columns": 2}, "pg")
    check_counts(wider, 2**41 // 3)
    assert f"{6 * 2**20 * (2**41 // 3 + 1)} bits of op" in refusal(wider, 2**41 // 3 + 1)
    # What no mask gates is read once: 4 bits of each.
    check_counts(job_of(linear(1, 2**20, 1), None, {"array.columns": 2}, "full"), 2**40)
