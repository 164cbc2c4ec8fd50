"""The live page: agents, breakers and events of one chain, for whoever sits at this machine. It only reads.

`Watch` keeps up with a chain, `Page` serves what it sees.
"""

from switchgear.serve.server import Page
from switchgear.serve.watch import Approval, Watch

__all__ = ["Approval", "Page", "Watch"]
