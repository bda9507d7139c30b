"""ONNX models: their graphs with inferred shapes, and the layers in them."""
