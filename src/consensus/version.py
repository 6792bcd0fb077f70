"""The package's version, which every stored result names."""

__all__ = ["__version__"]

__version__ = "0.1.0"
