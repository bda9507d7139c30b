"""A trace and its margins."""

import pytest
from margin_cases import CONV, RECURRENT, a_trace
from operand_cases import random_operands

from pgsim.masks import Margins
from pgsim.workload import GateTrace, layer_shape


@pytest.fixture
def both() -> tuple[GateTrace, Margins]:
    """A trace of a convolution and a recurrent layer, and the margins of its last images."""
    return a_trace(*(random_operands(layer_shape(fields)) for fields in (CONV, RECURRENT)))
