"""Published networks by name: their true geometries, ready for synthetic masks.

Layer names are those of the usual implementations in PyTorch, or TensorFlow. In all of them the
first convolution and the last linear layer keep 8-bit operands and are not gated, as is common for
quantized networks.
"""

from __future__ import annotations

from pgsim.errors import InputError, nearest
from pgsim.workload.layer import LayerShape, layer_shape
from pgsim.workload.networks.mobile import MOBILE
from pgsim.workload.networks.parts import Network, Widths
from pgsim.workload.networks.recurrent import RECURRENT
from pgsim.workload.networks.resnets import RESNETS
from pgsim.workload.networks.straight import STRAIGHT
from pgsim.workload.networks.tiny import TINY
from pgsim.workload.networks.transformers import TRANSFORMERS

__all__ = ["NETWORKS", "Network", "network"]

_NETWORKS = {
    each.name: each for each in (*RESNETS, *MOBILE, *STRAIGHT, *RECURRENT, *TRANSFORMERS, *TINY)
}
NETWORKS = tuple(_NETWORKS)


def network(
    name: str, *, activation_bits: int = 4, msb_bits: int = 2, weight_bits: int = 8
) -> tuple[LayerShape, ...]:
    """Return the layers of a published network in order, its gated layers at the given bit widths.

    - `resnet20`: CIFAR-10, 3 x 32 x 32 (He et al., CVPR 2016, section 4.2), shortcuts without
      weights (option A); all 18 convolutions of the blocks are gated.
    - `resnet18`: ImageNet, 3 x 224 x 224 (He et al., CVPR 2016, table 1). The 3 x 3 convolutions of
      the blocks are gated. The three 1 x 1 shortcut convolutions, 1 % of the MACs, run ungated at
      `activation_bits`: their outputs are added to a sum before any ReLU could hide a coarse value.
    - `resnet50`: the same with bottlenecks, the stride in their 3 x 3 convolutions as torchvision
      has it (v1.5), gated and ungated as `resnet18`.
    - `shufflenetv2_0.5x`: ImageNet (Ma et al., ECCV 2018, table 5). All pointwise and depthwise
      convolutions behind the first are gated; those that follow a depthwise one, which has no
      ReLU, take signed activations.
    - `alexnet`: ImageNet, 3 x 227 x 227 (Krizhevsky et al., NIPS 2012), with the two groups of its
      second, fourth and fifth convolutions. All layers but the first and the last are gated.
    - `vgg16`: ImageNet, 3 x 224 x 224 (Simonyan and Zisserman, ICLR 2015, table 1, column D), gated
      as AlexNet.
    - `lstm_300`: a language model of one LSTM layer of 300 cells on embeddings of 300, 35 time
      steps, and a vocabulary of 10000 (the Penn Treebank's); its input and hidden products are
      gated apart, and take signed activations.
    - `mobilenet_v2`: ImageNet (Sandler et al., CVPR 2018, table 2). What has a ReLU6 behind it is
      gated; the projections, which have none, run ungated, and what reads them takes signed
      activations.
    - `vit_b_16`: ImageNet in 197 tokens (Dosovitskiy et al., ICLR 2021, table 1).
    - `bert_base_128` and `bert_base_384`: the encoder and pooler of BERT base (Devlin et al., NAACL
      2019) on so many tokens; MLPerf's questions have 384. Of both transformers the layer in front
      of each GELU is gated, and the rest runs ungated at `activation_bits`, the second operand of
      attention's products too.
    - `resnet8`, `ds_cnn`, `mobilenet_v1_0.25x` and `autoencoder`: MLPerf Tiny's image
      classification (3 x 32 x 32), keyword spotting (49 x 10), visual wake words (3 x 96 x 96) and
      anomaly detection (640 features), with TensorFlow's padding. All layers but the first, the
      last and shortcuts are gated.

    Parameters
    ----------
    name : str
        One of those above.
    activation_bits, msb_bits, weight_bits : int
        Of the gated layers, and of ungated ones but the first and the last.

    Returns
    -------
    tuple of LayerShape
        All layers that multiply.

    Raises
    ------
    InputError
        For an unknown name, with the nearest known one, and for impossible widths.

    Examples
    --------
    >>> [layer.name for layer in network("lstm_300")]
    ['lstm.input', 'lstm.hidden', 'decoder']
    """
    if name not in _NETWORKS:
        raise InputError(
            f"no network is named {name!r} (known: {', '.join(NETWORKS)}).{nearest(name, NETWORKS)}"
        )
    gated: Widths = {
        "activation_bits": activation_bits,
        "msb_bits": msb_bits,
        "weight_bits": weight_bits,
        "gate": "output",
    }
    return tuple(layer_shape(fields, name) for fields in _NETWORKS[name].layers(gated))
