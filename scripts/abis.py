"""Write the ABIs and bytecode that the package ships."""

from switchgear.ops.abis import cli

__all__ = ["cli"]
