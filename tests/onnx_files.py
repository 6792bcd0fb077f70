"""ONNX files written by hand: small graphs of real operators, for what no installed model asks for."""

from __future__ import annotations

__all__ = ["states_of"]

INT32, INT64 = 6, 7


def states_of(*names: str, kind: int = INT64, output: str = "last_hidden_state", pooled: bool = False) -> bytes:
    """Return a model whose states [1, tokens, N] are its N inputs as they are given; or, `pooled`, their first token.

    Each input is whole numbers [1, tokens] of the kind given.
    """
    nodes = [_node("Cast", [name], [f"{name} cast"], _whole("to", 1)) for name in names]
    nodes += [_node("Unsqueeze", [f"{name} cast"], [f"{name} column"], _wholes("axes", [2])) for name in names]
    joined = "joined" if pooled else output
    nodes.append(_node("Concat", [f"{name} column" for name in names], [joined], _whole("axis", 2)))
    if pooled:
        nodes.append(_node("ReduceMin", [joined], [output], _wholes("axes", [1]), _whole("keepdims", 0)))
    shape = ["one", "features"] if pooled else ["one", "tokens", "features"]
    graph = b"".join(_part(1, node) for node in nodes) + _part(2, b"by hand")
    graph += b"".join(_part(11, _value(name, kind, ["one", "tokens"])) for name in names)
    graph += _part(12, _value(output, 1, shape))
    return _number(1, 7) + _part(7, graph) + _part(8, _part(1, b"") + _number(2, 11))


def _node(kind: str, inputs: list[str], outputs: list[str], *attributes: bytes) -> bytes:
    told = b"".join(_part(1, name.encode()) for name in inputs) + b"".join(_part(2, o.encode()) for o in outputs)
    return told + _part(4, kind.encode()) + b"".join(_part(5, attribute) for attribute in attributes)


def _whole(name: str, value: int) -> bytes:
    return _part(1, name.encode()) + _number(3, value) + _number(20, 2)


def _wholes(name: str, values: list[int]) -> bytes:
    return _part(1, name.encode()) + b"".join(_number(8, value) for value in values) + _number(20, 7)


def _value(name: str, kind: int, shape: list[str]) -> bytes:
    sizes = b"".join(_part(1, _part(2, size.encode())) for size in shape)
    return _part(1, name.encode()) + _part(2, _part(1, _number(1, kind) + _part(2, sizes)))


def _number(place: int, value: int) -> bytes:
    return _varint(place << 3) + _varint(value)


def _part(place: int, content: bytes) -> bytes:
    return _varint(place << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    told = bytearray()
    while value > 127:
        told.append(value & 127 | 128)
        value >>= 7
    return bytes([*told, value])
