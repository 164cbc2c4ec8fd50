"""What session policies, their decoder and their adapters refuse, and who owns them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from switchgear.errors.base import ContractReverted


@dataclass(eq=False)
class NotOwner(ContractReverted):
    """The owner's alone."""

    signature = "NotOwner(address)"
    text = "{caller} is not the owner"
    caller: str


@dataclass(eq=False)
class NotDelayed(ContractReverted):
    """What loosens waits (BR-9)."""

    signature = "NotDelayed(address)"
    text = "this loosens, so {caller} has to schedule it, and execute it a day later"
    caller: str


@dataclass(eq=False)
class NotScheduled(ContractReverted):
    """No such call is scheduled (BR-9)."""

    signature = "NotScheduled(bytes32)"
    text = "{id} is not scheduled, or was executed or cancelled: schedule it"
    id: bytes


@dataclass(eq=False)
class AlreadyScheduled(ContractReverted):
    """The same call is scheduled and not expired (BR-9)."""

    signature = "AlreadyScheduled(bytes32,uint40)"
    text = "{id} is scheduled already: execute it from {eta} on"
    id: bytes
    eta: datetime | None


@dataclass(eq=False)
class MalformedExecution(ContractReverted):
    """An account might read something else in this execution than the decoder (WP-2)."""

    signature = "MalformedExecution()"
    text = "the execution is not encoded strictly: encode it anew with an ordinary ABI encoder"


@dataclass(eq=False)
class DelegateCallRefused(ContractReverted):
    """Only MultiSendCallOnly is called by delegatecall (WP-4)."""

    signature = "DelegateCallRefused(address)"
    text = "no delegatecall to {target}: make it a plain call, or batch plain calls through MultiSendCallOnly"
    target: str


@dataclass(eq=False)
class ModeRefused(ContractReverted):
    """An ERC-7579 mode other than single or batch that reverts on failure."""

    signature = "ModeRefused(bytes32)"
    text = "mode {mode} is refused: use a single call (0x00...) or a batch (0x0100...), which revert on failure"
    mode: bytes


@dataclass(eq=False)
class NoSelector(ContractReverted):
    """The call's data name no function, and it is no plain transfer either."""

    signature = "NoSelector()"
    text = "one to three bytes of data, or a selector of zeros: name a function, or send no data"


@dataclass(eq=False)
class MalformedArguments(ContractReverted):
    """The arguments of a function that moves tokens are not canonical."""

    signature = "MalformedArguments(address,bytes4)"
    text = "the arguments of {selector} for {target} are cut short or not canonical: encode them anew"
    target: str
    selector: bytes


@dataclass(eq=False)
class NotPermitted(ContractReverted):
    """Nothing permits this; everything else is denied (WP-1)."""

    signature = "NotPermitted(address,address,bytes4)"
    text = "{wallet} has no permission for {selector} of {target}: its owner can grant one, a day ahead"
    wallet: str
    target: str
    selector: bytes


@dataclass(eq=False)
class PermissionExpired(ContractReverted):
    """The permission's time is over."""

    signature = "PermissionExpired(address,address,bytes4,uint40)"
    text = "the permission of {wallet} for {selector} of {target} ended at {expiry}: its owner can grant another"
    wallet: str
    target: str
    selector: bytes
    expiry: datetime | None


@dataclass(eq=False)
class PermissionUsedUp(ContractReverted):
    """The permission was used as often as it may be."""

    signature = "PermissionUsedUp(address,address,bytes4)"
    text = "the permission of {wallet} for {selector} of {target} is used up: its owner can grant another"
    wallet: str
    target: str
    selector: bytes


@dataclass(eq=False)
class CoolingDown(ContractReverted):
    """The permission was used a short time ago."""

    signature = "CoolingDown(address,address,bytes4,uint40)"
    text = "{wallet} may use {selector} of {target} again from {until} on"
    wallet: str
    target: str
    selector: bytes
    until: datetime | None


@dataclass(eq=False)
class NativeCapExceeded(ContractReverted):
    """The call would send too much of the chain's own coin."""

    signature = "NativeCapExceeded(address,address,bytes4,uint256,uint256)"
    text = "{value} wei with {selector} of {target} are more than the {cap} that {wallet} may send with it"
    wallet: str
    target: str
    selector: bytes
    value: int
    cap: int


@dataclass(eq=False)
class CallCapExceeded(ContractReverted):
    """One call would take too much, or an amount that nobody can read."""

    signature = "CallCapExceeded(address,address,bytes4,uint256,uint256)"
    text = "{amount} by {selector} of {target} is more than the {cap} that {wallet} may take by one call"
    wallet: str
    target: str
    selector: bytes
    amount: int
    cap: int


@dataclass(eq=False)
class LifetimeCapExceeded(ContractReverted):
    """All calls under a permission would take too much together."""

    signature = "LifetimeCapExceeded(address,address,bytes4,uint256,uint256)"
    text = "{amount} by {selector} of {target} is more than the {left} that the permission of {wallet} has left"
    wallet: str
    target: str
    selector: bytes
    amount: int
    left: int


@dataclass(eq=False)
class RuleViolated(ContractReverted):
    """An argument is none of those that the permission allows."""

    signature = "RuleViolated(address,address,bytes4,uint16)"
    text = (
        "argument word {word} of {selector} of {target} is none of those that {wallet} may use (65535: the recipient)"
    )
    wallet: str
    target: str
    selector: bytes
    word: int


@dataclass(eq=False)
class TargetRefused(ContractReverted):
    """The account, its policy, the core and the council are out of an agent's reach (WP-4)."""

    signature = "TargetRefused(address)"
    text = "no agent may be permitted to call {target}"
    target: str


@dataclass(eq=False)
class InnerCallFailed(ContractReverted):
    """A failed inner call would keep its charge: all of it is undone (WP-5)."""

    signature = "InnerCallFailed()"
    text = "the call inside the execution failed: nothing happened, and nothing was charged"


@dataclass(eq=False)
class WrongAccount(ContractReverted):
    """A policy guards one account."""

    signature = "WrongAccount(address,address)"
    text = "{caller} is not {account}, which this policy guards: deploy a policy of its own for it"
    caller: str
    account: str


@dataclass(eq=False)
class InvalidPermission(ContractReverted):
    """A permission, a trusted party or an asset that cannot be."""

    signature = "InvalidPermission()"
    text = (
        "this cannot be granted: check expiry (future), wallet (neither account nor owner nor trusted), thresholds "
        "(approve not above delay), standard (functions of tokens need one), assets (4 at most, no zero), rules (32 at "
        "most, in order, low <= high), and that unknown wallets are denied"
    )


@dataclass(eq=False)
class AlreadyConfigured(ContractReverted):
    """A policy's first configuration lands while it is being deployed."""

    signature = "AlreadyConfigured()"
    text = "the policy has its first configuration: schedule what loosens it, and execute that a day later"


@dataclass(eq=False)
class BalanceUnavailable(ContractReverted):
    """A balance could not be read, so that no drop could be charged."""

    signature = "BalanceUnavailable(address)"
    text = "{asset} does not say what the account has of it: it cannot be measured"
    asset: str


@dataclass(eq=False)
class SupersededByTightening(ContractReverted):
    """The same was tightened after this was announced (BR-9)."""

    signature = "SupersededByTightening(uint256)"
    text = "tightened at {tightened_at} (Unix seconds), which cancels what was announced before: announce it again"
    tightened_at: int


@dataclass(eq=False)
class TooDeep(ContractReverted):
    """Executions within executions within executions."""

    signature = "TooDeep()"
    text = "more than 31 executions within each other"


@dataclass(eq=False)
class TooManyWatches(ContractReverted):
    """One execution would have too many balances compared."""

    signature = "TooManyWatches()"
    text = "more than 16 assets are measured in one execution: split it"


@dataclass(eq=False)
class GasRefundRefused(ContractReverted):
    """A Safe pays gas refunds from what it holds, past every limit (WP-4)."""

    signature = "GasRefundRefused(uint256)"
    text = "an agent's Safe transaction has gasPrice 0, not {gas_price}: Safe would pay the rest past every limit"
    gas_price: int


@dataclass(eq=False)
class ModulesUnguarded(ContractReverted):
    """Modules act past a transaction guard."""

    signature = "ModulesUnguarded(address)"
    text = "module {module} would act past the guard: set it as module guard first (Safe 1.5.0), or disable the module"
    module: str


@dataclass(eq=False)
class HandlerRefused(ContractReverted):
    """Through such a fallback handler an agent that owns the Safe could sign messages for it (WP-4)."""

    signature = "HandlerRefused(address)"
    text = "through fallback handler {handler} agents could sign for the Safe: set the guard's own handler, or none"
    handler: str


@dataclass(eq=False)
class SignatureUnreadable(ContractReverted):
    """A signature of a Safe transaction cannot be read, or is nobody's."""

    signature = "SignatureUnreadable()"
    text = "a signature is cut short or nobody's: give as many as the Safe's threshold, each 65 bytes"


@dataclass(eq=False)
class FunctionRefused(ContractReverted):
    """Of what only entry point and account may call, agents get `execute` (WP-4)."""

    signature = "FunctionRefused(bytes4)"
    text = "an agent may not call {selector} of its account: `execute` is what it gets"
    selector: bytes


@dataclass(eq=False)
class DelegatedAccount(ContractReverted):
    """The key of an EOA with delegated code acts past every guard and hook (WP-9)."""

    signature = "DelegatedAccount(address)"
    text = "{account} is an EOA with delegated code (EIP-7702): its key acts past every guard and hook"
    account: str


@dataclass(eq=False)
class MalformedTerms(ContractReverted):
    """Terms of the caveat are one wallet."""

    signature = "MalformedTerms(uint256)"
    text = "the caveat's terms are the 20 bytes of a wallet, not {length} bytes"
    length: int


@dataclass(eq=False)
class NotManager(ContractReverted):
    """Only the delegation manager may ask the caveat."""

    signature = "NotManager(address)"
    text = "{caller} is not the delegation manager"
    caller: str


@dataclass(eq=False)
class PaymasterRefused(ContractReverted):
    """An agent's operation names a paymaster that people did not name (WP-4)."""

    signature = "PaymasterRefused(address)"
    text = "{paymaster} may not pay for this account's agent: leave it out, or deploy a hook that names it"
    paymaster: str


@dataclass(eq=False)
class AccountWouldPay(ContractReverted):
    """An agent's operation has a price and no paymaster."""

    signature = "AccountWouldPay()"
    text = (
        "the account pays for no agent's gas: set the fees to 0 and hand the operation in yourself, or use the "
        "paymaster that the hook names"
    )
