"""`SessionPolicy`: what agent keys may do with one account (``contracts/SessionPolicy.sol`` and its adapters).

>>> setup = Setup(core_address(), account=safe, owner=treasury, trusted=(alice, bob))              # doctest: +SKIP
>>> setup = setup.asset(usdc, LIMITS, POLICY).permit(Permission(wallet, usdc, TRANSFER, ...))      # doctest: +SKIP
>>> guard = deploy_safe_guard(connect("http://127.0.0.1:8545"), setup, sender=anyone)              # doctest: +SKIP
>>> for target, data in safe_installation(safe, guard.address): ...  # the Safe's owners sign these # doctest: +SKIP

Whoever deploys, the address depends on the setup alone; so people can check it before their account trusts it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from switchgear.artifacts import load
from switchgear.chain import BlockIdentifier, Node, Transaction
from switchgear.decoder import NATIVE, PLAIN_TRANSFER, Standard  # noqa: F401 - NATIVE is for callers
from switchgear.delayed import Delayed
from switchgear.deployment import check_code, create_address, deploy
from switchgear.display import to_instant
from switchgear.errors import FailedCall, HalvesDiffer, InvalidInput
from switchgear.interface import Interface
from switchgear.types import ZERO_ADDRESS, LanePolicy, Limits
from switchgear.values import from_instant, to_address, to_uint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from web3 import Web3

UNLIMITED = 2**256 - 1
"""No cap, or no threshold."""
RECIPIENT = 2**16 - 1
"""In a rule: the decoded recipient, instead of a word of the arguments."""
NO_EXPIRY = 2**40 - 1
ADAPTERS = ("SafeAgentGuard", "AgentHook7579", "AgentCaveat")
"""What a policy is deployed as."""
ANY_ADAPTER = ADAPTERS[0]
"""Its ABI has all that policies have in common: the policy itself is abstract."""
_COLD_HALF = "PolicyAdministration"
_IMMUTABLES = ("circuitBreaker", "account", "countersign")
"""In the order of `immutables`."""
_INIT_CODE = 49_152
"""Bytes that a deployment may carry."""
_WORD = 32
_SELECTOR = 4


class Rule(NamedTuple):
    """What an argument may be: low <= word <= high. Rules of the same word are alternatives."""

    word: int
    """Index of the 32-byte word after the selector, or `RECIPIENT`."""
    low: bytes
    high: bytes


def equal(word: int, value: int | str) -> Rule:
    """A rule: this word is this number or address.

    >>> equal(0, 5) == between(0, 5, 5)
    True
    """
    return Rule(word, _word(value), _word(value))


def between(word: int, low: int, high: int) -> Rule:
    """A rule: this word is one of the numbers from `low` to `high`."""
    return Rule(word, _word(low), _word(high))


def one_of(word: int, values: Iterable[int | str]) -> tuple[Rule, ...]:
    """Rules: this word, or the `RECIPIENT`, is one of these numbers or addresses."""
    return tuple(equal(word, value) for value in values)


class Permission(NamedTuple):
    """What one agent key may call, and how much of what (``Permission`` in ``types/Wallets.sol``)."""

    wallet: str
    target: str
    selector: bytes | str
    """4 bytes, or a signature such as ``transfer(address,uint256)``; empty for a plain transfer."""
    standard: Standard = Standard.NONE
    measured: bool = False
    """Whether balances are compared too: for tokens that take fees or rebase."""
    expiry: datetime | int = NO_EXPIRY
    uses: int = 0
    """How often; 0 for any number."""
    cooldown: int = 0
    """Seconds between two uses."""
    native_cap: int = 0
    """Wei that one call may send with it."""
    call_cap: int = UNLIMITED
    """In the asset's smallest unit. Caps and thresholds keep 56 bits, rounded down."""
    lifetime_cap: int = 0
    """Of all calls together; 0 for any."""
    approve_above: int = UNLIMITED
    """Amounts above need countersignatures."""
    delay_above: int = UNLIMITED
    """Amounts above must wait as well."""
    assets: tuple[str, ...] = ()
    """Further assets whose balance is compared."""
    rules: tuple[Rule, ...] = ()
    """In the order of their words."""

    @property
    def arguments(self) -> tuple[Any, ...]:
        """As the contract takes it.

        Raises:
            InvalidInput: A value is out of range.
        """
        return (
            to_address(self.wallet, name="wallet"),
            to_address(self.target, name="target"),
            to_selector(self.selector),
            int(self.standard),
            self.measured,
            from_instant(self.expiry, bits=40, name="expiry"),
            to_uint(self.uses, bits=24, name="uses"),
            to_uint(self.cooldown, bits=24, name="cooldown"),
            to_uint(self.native_cap, name="native_cap"),
            to_uint(self.call_cap, name="call_cap"),
            to_uint(self.lifetime_cap, bits=128, name="lifetime_cap"),
            to_uint(self.approve_above, name="approve_above"),
            to_uint(self.delay_above, name="delay_above"),
            [to_address(asset, name="asset") for asset in self.assets],
            [tuple(rule) for rule in self.rules],
        )


class Granted(NamedTuple):
    """A permission as the policy has it, and what was used of it."""

    permission: Permission
    used: int
    spent: int
    """Of the lifetime cap; 0 without one."""
    last_use: datetime | None


@dataclass(frozen=True)
class Setup:
    """What a policy is deployed with; this first configuration lands at once (``ISessionPolicy.Setup``)."""

    core: str
    account: str
    """The account that is guarded."""
    owner: str
    """Who sets the policy and is first admin of its lanes: people, a Safe or a timelock, never an agent's wallet."""
    countersign: str = ZERO_ADDRESS
    """The council; without one, what would need it is denied."""
    trusted: tuple[str, ...] = ()
    """Signers, modules or executors that are people's, and pass unasked."""
    assets: tuple[tuple[str, Limits, LanePolicy], ...] = ()
    permissions: tuple[Permission, ...] = ()

    def asset(self, asset: str, limits: Limits, policy: LanePolicy) -> Setup:
        """With limits of one more asset; `NATIVE` for the chain's own coin and for calls that move nothing known."""
        return replace(self, assets=(*self.assets, (asset, limits, policy)))

    def permit(self, *permissions: Permission) -> Setup:
        """With more permissions."""
        return replace(self, permissions=(*self.permissions, *permissions))

    @property
    def arguments(self) -> tuple[Any, ...]:
        """As the contracts' constructors take it."""
        return (
            to_address(self.core, name="core"),
            to_address(self.account, name="account"),
            to_address(self.owner, name="owner"),
            to_address(self.countersign, name="countersign", zero=True),
            [to_address(party, name="trusted") for party in self.trusted],
            [(to_address(asset, name="asset", zero=True), *rest) for asset, *rest in self.assets],
            [permission.arguments for permission in self.permissions],
        )


class SessionPolicy(Delayed):
    """The policy of one account (``ISessionPolicy``), whichever adapter it is deployed as.

    Towards the core it is a protocol: `Breaker` trips, resets and limits it, with `lane` as its lane of an asset.

    Args:
        web3: A node; see `switchgear.connect`.
        address: Of the adapter.
        chain_id: The chain that the node must serve; any if None.
        verify_code: Whether to compare the code of both halves with what this version ships.
    """

    name = "session policy"

    def __init__(self, web3: Web3, address: str, *, chain_id: int | None = None, verify_code: bool = True) -> None:
        super().__init__(web3, address, Interface(load(ANY_ADAPTER).abi), chain_id=chain_id)
        self._verify_code = verify_code

    def _check_code(self, code: bytes) -> None:
        if not self._verify_code:
            return
        check_code(self.node, self.address, code, ADAPTERS, _COLD_HALF)
        half = create_address(self.address, 1)
        questions = [(self.address, "immutables"), *((half, name) for name in _IMMUTABLES)]
        requests = [
            ({"to": to, "data": "0x" + self.interface.encode(name, ()).hex()}, "latest") for to, name in questions
        ]
        answers = self.node.request_many("eth_call", requests)
        hot, *cold = (self._decode(name, answer) for (_, name), answer in zip(questions, answers, strict=True))
        if hot != tuple(cold):
            raise HalvesDiffer(self.address, hot, tuple(cold))

    # ------------------------------------------------------------------ reads

    def account(self, *, block_identifier: BlockIdentifier = "latest") -> str:
        """The account that is guarded (``account``)."""
        return str(self.read("account", block_identifier=block_identifier))

    def core(self, *, block_identifier: BlockIdentifier = "latest") -> str:
        """The core that is asked (``circuitBreaker``)."""
        return str(self.read("circuitBreaker", block_identifier=block_identifier))

    def council(self, *, block_identifier: BlockIdentifier = "latest") -> str | None:
        """Where approvals are consumed (``countersign``); None for nowhere."""
        found = str(self.read("countersign", block_identifier=block_identifier))
        return None if found == ZERO_ADDRESS else found

    def multi_send(self, *, block_identifier: BlockIdentifier = "latest") -> str | None:
        """The MultiSendCallOnly that agents may use, zero for none (``multiSend``); None if it guards no Safe."""
        try:
            return str(self.read("multiSend", block_identifier=block_identifier))
        except FailedCall:
            return None

    def trusts(self, party: str, *, block_identifier: BlockIdentifier = "latest") -> bool:
        """Whether a party passes unasked (``trusted``)."""
        return bool(self.read("trusted", to_address(party, name="party"), block_identifier=block_identifier))

    def retired(self, *, block_identifier: BlockIdentifier = "latest") -> bool:
        """Whether the way out is open (``retired``)."""
        return bool(self.read("retired", block_identifier=block_identifier))

    def permission(
        self, wallet: str, target: str, selector: bytes | str, *, block_identifier: BlockIdentifier = "latest"
    ) -> Granted | None:
        """What a wallet is permitted, and what it used of it (``permissionOf``); None for nothing."""
        key = to_address(wallet, name="wallet"), to_address(target, name="target"), to_selector(selector)
        found, used, spent, last = self.read("permissionOf", *key, block_identifier=block_identifier)
        permission, until = Permission(*found), int(found[Permission._fields.index("expiry")])
        if not until:
            return None
        typed = permission._replace(
            standard=Standard(permission.standard),
            expiry=to_instant(until) or NO_EXPIRY,
            assets=tuple(permission.assets),
            rules=tuple(Rule(*rule) for rule in permission.rules),
        )
        return Granted(typed, used, spent, to_instant(last) if last else None)

    # ------------------------------------------------------------------ transactions

    def announce_grant(self, permission: Permission, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Announce a permission, which `grant` gives a day later. Owner."""
        return self.schedule("grant", permission.arguments, sender=sender, dry_run=dry_run)

    def grant(self, permission: Permission, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Give a permission that was announced exactly so (``grant``). Owner."""
        return self.execute("grant", permission.arguments, sender=sender, dry_run=dry_run)

    def revoke(
        self, wallet: str, target: str, selector: bytes | str, *, sender: Any, dry_run: bool = False
    ) -> Transaction:
        """Take a permission back, at once; announced ones too (``revoke``). Owner."""
        key = to_address(wallet, name="wallet"), to_address(target, name="target"), to_selector(selector)
        return self.send("revoke", *key, sender=sender, dry_run=dry_run)

    def distrust(self, party: str, *, sender: Any, dry_run: bool = False) -> Transaction:
        """End a party's passing unasked, at once (``distrust``). Owner."""
        return self.send("distrust", to_address(party, name="party"), sender=sender, dry_run=dry_run)


class Deployed(NamedTuple):
    """A policy's adapter on the chain, and who made it so."""

    address: str
    transaction: str | None
    """None if it was there already, or in a dry run."""


def deploy_safe_guard(
    web3: Web3, setup: Setup, *, multi_send: str = ZERO_ADDRESS, sender: Any = None, dry_run: bool = False
) -> Deployed:
    """Deploys the guard of a Safe (``SafeAgentGuard``).

    Args:
        web3: A node.
        setup: Its policy; `trusted` names the people among the Safe's owners.
        multi_send: The MultiSendCallOnly that agents may use; none by default.
        sender: Who pays.
        dry_run: Say where it would be, and send nothing.
    """
    return _deploy(web3, "SafeAgentGuard", setup, to_address(multi_send, zero=True), sender=sender, dry_run=dry_run)


def deploy_hook(
    web3: Web3,
    setup: Setup,
    *,
    wallet: str,
    entry_point: str,
    paymaster: str = ZERO_ADDRESS,
    sender: Any = None,
    dry_run: bool = False,
) -> Deployed:
    """Deploys the hook of an ERC-7579 account, which is the validator of the agent's key too (``AgentHook7579``).

    Args:
        web3: A node.
        setup: Its policy; `trusted` names the executors that are people's.
        wallet: The agent's wallet, whose permissions user operations need, and whose key signs them.
        entry_point: The entry point that the account trusts.
        paymaster: The one that may pay for the agent's operations; none by default. What the account allows it to take,
            it takes unseen by the hook.
        sender: Who pays.
        dry_run: Say where it would be, and send nothing.
    """
    parties = {"wallet": wallet, "entry_point": entry_point, "paymaster": paymaster}
    more = [to_address(party, name=name, zero=name == "paymaster") for name, party in parties.items()]
    return _deploy(web3, "AgentHook7579", setup, *more, sender=sender, dry_run=dry_run)


def deploy_caveat(web3: Web3, setup: Setup, *, manager: str, sender: Any = None, dry_run: bool = False) -> Deployed:
    """Deploys the caveat of a delegator (``AgentCaveat``); terms of each delegation are `caveat_terms`.

    Args:
        web3: A node.
        setup: Its policy; the account is the delegator.
        manager: The delegation manager.
        sender: Who pays.
        dry_run: Say where it would be, and send nothing.
    """
    return _deploy(web3, "AgentCaveat", setup, to_address(manager, name="manager"), sender=sender, dry_run=dry_run)


def caveat_terms(wallet: str) -> bytes:
    """Terms of the caveat in a delegation to an agent's wallet.

    >>> caveat_terms("0x" + "22" * 20).hex() == "22" * 20
    True
    """
    return bytes.fromhex(to_address(wallet, name="wallet")[2:])


def safe_installation(safe: str, guard: str, *, modules: bool = True) -> list[tuple[str, bytes]]:
    """What the Safe's owners execute, in this order, to put it behind its guard: targets, which are the Safe, and data.

    Args:
        safe: The Safe.
        guard: Its SafeAgentGuard.
        modules: Whether the Safe has a module guard (1.5.0); without one it must have no modules.
    """
    names = [*(["setModuleGuard"] if modules else []), "setGuard"]
    handler = _self_call(safe, "setFallbackHandler(address)", safe_handler(guard))
    return [handler, *(_self_call(safe, f"{name}(address)", guard) for name in names)]


def safe_guard(web3: Web3, safe: str) -> str:
    """The transaction guard that a Safe has now; the zero address if none."""
    slot = "0x" + keccak(text="guard_manager.guard.address").hex()
    found = Node(web3).request("eth_getStorageAt", to_address(safe, name="safe"), slot, "latest")
    return to_checksum_address("0x" + str(found)[2:].rjust(64, "0")[-40:])


def safe_handler(guard: str) -> str:
    """The fallback handler that a guarded Safe may have, which its guard has created (``handler``).

    >>> safe_handler("0x" + "11" * 20)
    '0x39c2540Cc64C8562269200ee459DC2853aAB9d87'
    """
    # The first is the policy's cold half.
    return create_address(guard, 2)


def safe_removal(safe: str, *, modules: bool = True) -> list[tuple[str, bytes]]:
    """What the Safe's owners execute to take it out again; the handler, which harms nobody, stays."""
    names = ["setGuard", *(["setModuleGuard"] if modules else [])]
    return [_self_call(safe, f"{name}(address)", ZERO_ADDRESS) for name in names]


def lane(asset: str) -> int:
    """The policy's lane of an asset; 0 for the chain's own coin and for calls that move nothing known.

    >>> lane(NATIVE), lane("0x" + "00" * 19 + "05")
    (0, 5)
    """
    return int(to_address(asset, name="asset", zero=True), 16)


def to_selector(selector: bytes | str) -> bytes:
    """4 bytes of a function, from its signature too; of a plain transfer from nothing.

    >>> to_selector("transfer(address,uint256)").hex(), to_selector(b"").hex()
    ('a9059cbb', '00000000')

    Raises:
        InvalidInput: It is neither.
    """
    if not selector:
        return PLAIN_TRANSFER
    if isinstance(selector, str):
        if not selector.endswith(")"):
            message = f"{selector!r} is no signature of a function, such as transfer(address,uint256)"
            raise InvalidInput(message)
        return function_signature_to_4byte_selector(selector)
    if len(selector) != _SELECTOR:
        message = f"a selector has 4 bytes, not {len(selector)}"
        raise InvalidInput(message)
    return selector


def _deploy(web3: Web3, name: str, setup: Setup, *args: Any, sender: Any, dry_run: bool) -> Deployed:
    size = len(load(name).init_code(setup.arguments, *args))
    if size > _INIT_CODE:
        message = (
            f"the first configuration is too large: code and set-up take {size:,} bytes of {_INIT_CODE:,} (EIP-3860); "
            "grant some of the permissions later"
        )
        raise InvalidInput(message)
    made = deploy(Node(web3), name, setup.arguments, *args, sender=sender, dry_run=dry_run)
    return Deployed(made.address, made.transaction)


def _self_call(safe: str, signature: str, argument: str) -> tuple[str, bytes]:
    return to_address(safe, name="safe"), function_signature_to_4byte_selector(signature) + _word(argument)


def _word(value: int | str) -> bytes:
    number = int(to_address(value, zero=True), 16) if isinstance(value, str) else to_uint(value)
    return number.to_bytes(_WORD, "big")
