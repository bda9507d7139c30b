"""Lists of Bit Fusion's descendants: which list is meant, and that nothing of a file is run.

Rows are those of ANT's `ant_bench.py` (ResNet-18, ViT), counted by hand.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from imports import imported, refusal

FILE = """
import os
from somewhere import nothing

# QKV projection [ [197, 768] , [2304, 768] , [197, 2304] , [] , [],  4 , 1],
def batch(rows):
    rows.append(1)

resnet18 = [
[ [1, 3, 224, 224] , [64, 3, 7, 7], [1, 64, 112, 112] , [2, 2] , [3, 3] , 8, 0],
[ [1, 64, 56, 56] , [128, 64, 3, 3], [1, 128, 28, 28] , [2, 2] , [1, 1] , 4, 0],
[ [1, 512] , [1000, 512], [1, 1000] , [] , [], 8, 1],
]
vit : list = [
[ [197, 768] , [2304, 768] , [197, 2304] , [] , [],  4 , 1],
]
if __name__ == "__main__":
    batch(resnet18)
"""
ROW = "[[1, 512], [1000, 512], [1, 1000], [], [], 8, 1]"


def test_a_list_is_taken_by_its_name(tmp_path: Path) -> None:
    layers = imported(tmp_path, FILE, "resnet18")
    assert [layer.name for layer in layers] == ["conv0", "conv1", "fc2"]
    assert [layer.out_size for layer in layers] == [(112, 112), (28, 28), (1, 1)]
    assert [layer.activation_bits for layer in layers] == [8, 4, 8]
    assert [layer.weight_bits for layer in layers] == [8, 4, 8]
    assert [layer.macs for layer in layers] == [
        112 * 112 * 64 * 3 * 49,
        28 * 28 * 128 * 64 * 9,
        512_000,
    ]
    (qkv,) = imported(tmp_path, FILE, "vit")
    assert (qkv.op, qkv.positions, qkv.macs) == ("linear", 197, 197 * 768 * 2304)


@pytest.mark.parametrize("text", ["net = [{}]\n", '{{"net": [{}]}}'])
def test_a_file_that_has_changed_is_read_anew(tmp_path: Path, text: str) -> None:
    for bits in (8, 4, 8):  # what was read last is kept, by the text
        (layer,) = imported(tmp_path, text.format(ROW.replace("8, 1]", f"{bits}, 1]")), "net")
        assert layer.activation_bits == bits


def test_the_names_of_several_lists_are_told(tmp_path: Path) -> None:
    expected = "net.txt: holds 2 lists, name one: resnet18, vit (net.txt:NAME)"
    assert refusal(tmp_path, FILE) == expected
    expected = "net.txt: no list is named 'resnet19' (resnet18, vit). Did you mean 'resnet18'?"
    assert refusal(tmp_path, FILE, "resnet19") == expected


@pytest.mark.parametrize(
    "text",
    [
        f"net = [{ROW}]",
        f"net = ({ROW},)",
        f"net = [{ROW.replace('[', '(').replace(']', ',)').replace('(,)', '()')}]",
        f"net = [[[{ROW}]]]",
        f"nets = {{'a': [{ROW}]}}",
        f"[{ROW}]",
        f'{{"net": [{ROW}]}}',
        f'{{"nets": {{"a": [{ROW}]}}, "version": 3}}',
        f"# -*- coding: utf-8 -*-\nnet = [\n    {ROW},\n]\n",
    ],
)
def test_one_list_however_it_is_written(tmp_path: Path, text: str) -> None:
    (layer,) = imported(tmp_path, text)
    assert (layer.name, layer.in_channels, layer.out_channels) == ("fc0", 512, 1000)


def test_lists_in_mappings_are_named_by_their_keys(tmp_path: Path) -> None:
    text = f'{{"nets": {{"a": [{ROW}], "b": [{ROW}, {ROW}]}}}}'
    assert refusal(tmp_path, text).startswith("net.txt: holds 2 lists, name one: nets.a, nets.b")
    assert len(imported(tmp_path, text, "nets.b")) == 2


def test_a_list_without_a_name_is_not_asked_for_by_one(tmp_path: Path) -> None:
    found = refusal(tmp_path, f"[{ROW}]", "vgg16")
    assert found == "net.txt: its one list has no name: leave ':vgg16' out"


def test_nothing_is_run(tmp_path: Path) -> None:
    text = f"import sys\nsys.exit(3)\nopen('x', 'w')\nnet = [{ROW}]\nraise SystemExit\n"
    assert len(imported(tmp_path, text, "net")) == 1
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{net}\nopen('x', 'w')", 2),
        ("import os\nos.remove('x')\n{net}", 2),
        ("rows = [[1]] * 3\n{net}", 1),
        ("{net}\nother = rows(3)", 2),
        ("{net}\nother = more = []", 2),
        ("{net}\nfor each in (1, 2):\n  print(each)", 2),
        ("{net}\nclass Net:\n  rows = made()", 2),
        ("@kept\ndef made(): pass\n{net}", 2),
        ("{net}\nif __name__ == '__main__':\n  pass\nelse:\n  made()", 5),
    ],
)
def test_a_file_of_more_than_literals_is_refused_where_no_list_is_named(
    tmp_path: Path, text: str, line: int
) -> None:
    text = text.format(net=f"net = [{ROW}]")
    assert refusal(tmp_path, text) == (
        f"net.txt:{line}: no literal that a name is given, so that the file may make other lists "
        "than 'net', and nothing of it is run: name the list that is meant, as in net.txt:net"
    )
    assert len(imported(tmp_path, text, "net")) == 1
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "text",
    [
        "'Networks.'\nimport os\nfrom a import b\n{net}\ncount: int\nsizes = [1, 2]\n",
        "{net}\ndef main():\n  open('x', 'w')\nif __name__ == '__main__':\n  main()\n",
    ],
)
def test_what_makes_no_list_may_stand_beside_it(tmp_path: Path, text: str) -> None:
    assert len(imported(tmp_path, text.format(net=f"net = [{ROW}]"))) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("net = [\nrow(3),\n]", "net.txt:2: 'net' is no literal"),
        (f"net = [{ROW}] * 12", "net.txt:1: 'net' is no literal: expected lists and numbers"),
        (f"net = [\n{ROW}\n{ROW}\n{ROW}]", "net.txt:2: 'net' is no literal: a comma is missing"),
        (f"net = [\nrows[0]\n{ROW}]", "net.txt:2: 'net' is no literal: expected lists and"),
        (f"net = [\n{ROW},\n[[1, n], [1, 2], [1, 1], [], [], 8, 1]]", "net.txt:3: 'net' is no"),
        (f"net = [{ROW}]\nnet += [{ROW}]", "net.txt:2: changes 'net' after its literal"),
        (f"net = [{ROW}]\n\nnet.append({ROW})", "net.txt:3: changes 'net' after its literal"),
        (f"net = [{ROW}]\nnet[0][5] = 4", "net.txt:2: changes 'net' after its literal"),
        (f"net = [{ROW}]\nfor net in net:\n  pass", "net.txt:2: changes 'net' after its literal"),
        (f"net = [{ROW}]\nx = net.pop()", "net.txt:2: changes 'net' after its literal"),
        (f"net = [{ROW}]\ndel net", "net.txt:2: changes 'net' after its literal"),
        (f"net = other = [{ROW}]", "net.txt:1: 'net' is assigned together with others: write each"),
        (
            f"\nnet, b = [{ROW}], []",
            "net.txt:2: 'net' is assigned together with others: write each",
        ),
    ],
)
def test_what_only_running_would_tell_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    assert refusal(tmp_path, text, "net").startswith(expected)


# Each makes another list of it, or may where what is imported or called does.
@pytest.mark.parametrize(
    ("text", "line", "held"),
    [
        ("{net}\nfor row in net:\n  row[5] = 4", 2, ""),
        ("{net}\nb = net\nb.append(net[0])", 3, ""),
        ("{net}\nb = net\nb.append(1)", 3, "b"),
        ("{net}\nb = c = net\nb.append(1)", 2, ""),
        ("{net}\nnets = {{'a': net}}\nnets['a'].append(1)", 3, "nets"),
        ("{net}\nnets = {{'a': net}}\nmore = [nets]\nfor each in more:\n  each.clear()", 4, "more"),
        ("{net}\nb = [*net]\nb[0][5] = 4", 2, ""),
        ("{net}\ndef g():\n  net.append(1)\ng()", 3, ""),
        ("def g():\n  net.append(1)\n{net}\ng()", 2, ""),
        ("{net}\ndef g():\n  global net\n  net = []\ng()", 3, ""),
        ("{net}\ndef g():\n  net.append(1)\ndef h():\n  g()\nx = [h][0]()", 3, ""),
        ("{net}\ndef run(f):\n  f()\n@run\ndef g():\n  net.append(1)", 6, ""),
        ("g = lambda: net.append(1)\n{net}\ng()", 1, ""),
        ("g = (net.append(1) for _ in [1])\n{net}\nlist(g)", 1, ""),
        ("{net}\ndef g(rows=net):\n  rows.append(1)\ng()", 2, ""),
        ("{net}\nfrom copy import copy as net", 2, ""),
        ("{net}\nimport net.rows", 2, ""),
        ("{net}\nfrom other import *", 2, ""),
        ("{net}\nextend(net)", 2, ""),
        ("{net}\nlen = list.clear\nlen(net)", 3, ""),
        ("{net}\ndef net(): pass", 2, ""),
        ("{net}\nclass net: pass", 2, ""),
        ("{net}\nclass A:\n  net[0][5] = 4", 3, ""),
        ("{net}\nlist(map(lambda r: r.__setitem__(5, 4), net))", 2, ""),
        ("{net}\n[r.__setitem__(5, 4) for r in net]", 2, ""),
        ("{net}\ntry:\n  1 / 0\nexcept ZeroDivisionError as net:\n  pass", 4, ""),
        ("{net}\nmatch 3:\n  case net: pass", 3, ""),
        ("{net}\nif (net := 3): pass", 2, ""),
        ("{net}; net.append(1)", 1, ""),
        ("{net}\nglobals()['net'].append(1)", 2, ""),
        ("{net}\nexec('net.append(1)')", 2, ""),
        ("{net}\nimport sys\nsys.modules[__name__].net.append(1)", 3, ""),
        ("{net}\nif __name__ == '__main__':\n  pass\nelse:\n  net.append(1)", 5, ""),
    ],
)
def test_a_list_that_the_file_may_change_is_refused_by_its_line(
    tmp_path: Path, text: str, line: int, held: str
) -> None:
    found = refusal(tmp_path, text.format(net=f"net = [{ROW}]"), "net")
    where, _, rest = found.partition(" 'net'")
    assert where in (f"net.txt:{line}: may change", f"net.txt:{line}: changes")
    assert rest.startswith(
        f"{f', which {held!r} holds,' if held else ''} after its literal: write "
    )


@pytest.mark.parametrize(
    "text",
    [
        "{net}\nnetworks = {{'net': net, 'all': [net]}}\nprint(len(networks))",
        "{net}\nprint('net', len(net), str(net), sep=', ')",
        "{net}\nassert len(net) == 1",
        "{net}\ndef get(name):\n  if name == 'net':\n    return net\n  raise KeyError(name)",
        "{net}\ndef batch(net):\n  net.append(1)\nbatch([])",
        "{net}\ndef made():\n  net = []\n  net.append(1)\nmade()",
        "{net}\nf = lambda net: net.append(1)",
        "{net}\nif '__main__' == __name__:\n  pass\nif __name__ == '__main__':\n  net.append(1)",
        "{net}\nnets = ['net']\nfor name in nets:\n  print(name)",
        "from math import *\nimport os as net\nnet = []\nnet.append(1)\ndef net(): pass\n{net}",
    ],
)
def test_a_list_that_is_only_mentioned_is_read(tmp_path: Path, text: str) -> None:
    text = text.format(net=f"net = [{ROW}]")
    names = {"__name__": "net"}
    exec(text, names)  # what Python makes of it
    assert names["net"] == ast.literal_eval(f"[{ROW}]")
    (layer,) = imported(tmp_path, text, "net")
    assert (layer.in_channels, layer.out_channels, layer.weight_bits) == (512, 1000, 8)


def test_a_list_that_many_others_hold_is_refused_in_good_time(tmp_path: Path) -> None:
    chain = "\n".join(f"n{each + 1} = [n{each}]" for each in range(2_000))
    found = refusal(tmp_path, f"n0 = [{ROW}]\n{chain}\n", "n0")
    assert found.startswith("net.txt:102: may change 'n0', which 'n100' holds, after its literal")


def test_names_that_are_assigned_together_are_told_by_their_line(tmp_path: Path) -> None:
    expected = "is assigned together with others: write each list as `name = [...]`"
    assert refusal(tmp_path, f"\na = b = [{ROW}]") == f"net.txt:2: 'a' {expected}"
    assert refusal(tmp_path, f"\n\na, b = [{ROW}], [{ROW}]") == f"net.txt:3: 'a' {expected}"
    both = f"a = b = [{ROW}]\na = [{ROW}]\n"
    assert len(imported(tmp_path, both, "a")) == 1
    assert refusal(tmp_path, both, "b") == f"net.txt:1: 'b' {expected}"


def test_the_last_literal_of_a_name_counts(tmp_path: Path) -> None:
    assert len(imported(tmp_path, f"net = [{ROW}]\nnet = [{ROW}, {ROW}]", "net")) == 2


def test_what_is_no_python_is_refused_by_its_line(tmp_path: Path) -> None:
    assert refusal(tmp_path, f"net = [{ROW}]\n]").startswith("net.txt:2: not Python: ")
    found = refusal(tmp_path, "net = [\n" + "[" * 5000, format="layer_lists")
    assert found.startswith("net.txt:2: not Python: ")


def test_a_file_without_a_list_is_refused(tmp_path: Path) -> None:
    found = refusal(tmp_path, "sizes = [1, 2, 3]\n")
    assert found.startswith("net.txt: no list of layers: expected rows of [input, weights, ")
    assert refusal(tmp_path, '{"net": 3}').startswith("net.txt: no list of layers: expected rows")


def test_a_list_of_thousands_of_rows_is_read(tmp_path: Path) -> None:
    row = "[ [1, 2048, 14, 14] , [2048, 2048, 3, 3], [1, 2048, 14, 14] , [1, 1] , [1, 1] , 4, 0],\n"
    layers = imported(tmp_path, f"net = [\n{row * 5966}]\n")
    assert (len(layers), layers[-1].name, layers[-1].macs) == (5966, "conv5965", 2048**2 * 9 * 196)


def test_a_text_larger_than_is_stated_is_refused(tmp_path: Path) -> None:
    found = refusal(tmp_path, f"net = [{ROW}]\n" + "#" * 2**20)
    assert found == "net.txt: larger than 1 MiB: no file of this format"
