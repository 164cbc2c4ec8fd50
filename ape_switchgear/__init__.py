"""Ape plugin: in a checkout of Switchgear, every `ape` command finds its compiler and its local chain.

Ape imports each installed distribution named `ape-*` before it runs a command, and gives no earlier
moment to act in. So this module acts when it is imported, but only inside a checkout.
"""

from collections.abc import Iterator

from ape.plugins import register
from ape.plugins.compiler import CompilerPlugin

from ape_switchgear import toolchain

_checkout = toolchain.find_checkout()
if _checkout is not None:
    toolchain.activate(_checkout)


@register(CompilerPlugin)
def register_compiler() -> Iterator[None]:
    """Add no compiler, but extend the one that ape-solidity brings, when Ape is about to use it."""
    if _checkout is not None:
        from ape_switchgear import compiling  # noqa: PLC0415 - heavy, and only compiling needs it

        compiling.extend(_checkout)
    yield from ()
