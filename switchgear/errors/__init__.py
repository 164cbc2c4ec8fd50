"""Everything that can go wrong, as one tree of exceptions under `SwitchgearError`.

- `InvalidInput`: refused here, before anything was asked of a node.
- `ChainError`: no node, the wrong chain, no contract, other code, a transaction that did not get through.
- `ContractReverted`: a contract refused. Each custom error of the contracts has a class of the same name with the
  error's fields as attributes: instants as aware `datetime`, durations as `timedelta`, the rest as decoded.

The text of each says what to do next. Modules sort them by who raises them first; all are found here.

>>> from datetime import datetime, timezone
>>> print(LooseningNotReady(eta=datetime(2027, 1, 1, tzinfo=timezone.utc)))
this loosening still waits: execute it from 2027-01-01 00:00:00 UTC on
"""

from switchgear.errors.base import *
from switchgear.errors.commerce import *
from switchgear.errors.core import *
from switchgear.errors.countersign import *
from switchgear.errors.identity import *
from switchgear.errors.offchain import *
from switchgear.errors.revert import from_revert as from_revert
from switchgear.errors.revert import known as known
from switchgear.errors.solidity import *
from switchgear.errors.wallets import *
