"""ERC-4337 EntryPoints and ERC-7579 accounts: OpenZeppelin's, Nexus, Kernel and Safe7579.

The accounts obey one key through the project's KeyValidator mock; gas costs nothing, so nobody deposits.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from eth_abi.abi import encode
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from switchgear.errors import from_revert
from switchgear.execution import BATCH, SINGLE, batch, mode, single
from switchgear.foreign.keys import ZERO, sign_hash
from switchgear.foreign.safe import Call, Safe, Safes, Sender
from switchgear.gas.chain import GAS, account

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eth_account.signers.local import LocalAccount

    from switchgear.gas.chain import Chain, Deployed

VALIDATOR, EXECUTOR, FALLBACK, HOOK = 1, 2, 3, 4
"""Types of modules."""
DELEGATECALL = 0xFF
"""Type of execution, beside those of `switchgear.execution`."""
ENTRY_POINTS = {
    "0.8": "0x4337084D9E255Ff0702461CF8895CE9E3b5Ff108",
    "0.7": "0x0000000071727De22E5E9d8BAf0edAc6f37da032",
}
"""Where each version of the EntryPoint is; Safe7579 obeys no other than 0.7's."""
BUNDLER = account("bundler")
EXECUTE_USER_OP = keccak(
    text="executeUserOp((address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes),bytes32)"
)[:4]
NO_HOOK = "0x" + "00" * 19 + "01"
"""What Kernel takes for none."""

_GAS = 3_000_000
_EXECUTE = keccak(text="execute(bytes32,bytes)")[:4]
# The head of a linked list.
_FIRST = "0x" + "00" * 19 + "01"
# Tells Kernel to call the hook's onInstall.
_ON_INSTALL = b"\xff"


class Execution(NamedTuple):
    """One call of an account."""

    target: str
    data: bytes = b""
    value: int = 0


class UserOperation(NamedTuple):
    """PackedUserOperation."""

    sender: str
    nonce: int
    init_code: bytes
    call_data: bytes
    account_gas_limits: bytes
    pre_verification_gas: int
    gas_fees: bytes
    paymaster_and_data: bytes
    signature: bytes


class Handled(NamedTuple):
    """What became of a user operation."""

    receipt: dict[str, Any]
    success: bool
    """Of its execution; a failed validation reverts the transaction."""
    reason: bytes
    """What the execution reverted with; empty if it did not."""


def delegatecall(target: str, data: bytes) -> bytes:
    """The executionCalldata of a delegatecall."""
    return bytes.fromhex(target[2:]) + data


class EntryPoint:
    """An EntryPoint, and a bundler that is the first to send."""

    def __init__(self, chain: Chain, version: str = "0.8") -> None:
        """Puts it where it is on every chain: 0.8, or 0.7, which Nexus, Kernel and Safe7579 were made for."""
        self.chain = chain
        self.address = ENTRY_POINTS[version]
        name = f"EntryPoint {version}"
        there = chain.node.code(self.address)
        self.contract = chain.at(self.address, name) if there else _place(chain, name, self.address)

    def operation(self, sender: str, call_data: bytes, nonce_key: int, signer: LocalAccount) -> UserOperation:
        """An operation under the next nonce of a key, its hash signed."""
        nonce = self.chain.call(self.contract, "getNonce", sender, nonce_key)
        limits, fees = _GAS.to_bytes(16, "big") * 2, bytes(32)
        unsigned = UserOperation(sender, nonce, b"", call_data, limits, _GAS, fees, b"", b"")
        digest = self.chain.call(self.contract, "getUserOpHash", unsigned)
        return unsigned._replace(signature=sign_hash(signer, digest))

    def handle(self, operation: UserOperation) -> Handled:
        """Has it executed, in a transaction of its own."""
        receipt = self.chain.send(self.contract, "handleOps", [operation], BUNDLER, sender=BUNDLER)
        logs = [
            self.contract.interface.decode_log(log) for log in receipt["logs"] if _same(log["address"], self.address)
        ]
        events = {event.name: event.args for event in logs if event}
        reason = events.get("UserOperationRevertReason", {}).get("revertReason", b"")
        return Handled(receipt, events["UserOperationEvent"]["success"], reason)


class Account(ABC):
    """One ERC-7579 account, which a key controls through a validator."""

    name: ClassVar[str]

    def __init__(self, entry_point: EntryPoint, contract: Deployed, validator: Deployed, signer: LocalAccount) -> None:
        """At an address; use `create`."""
        self.chain = entry_point.chain
        self.entry_point = entry_point
        self.contract = contract
        self.address = contract.address
        self.validator = validator
        self.signer = signer

    @classmethod
    @abstractmethod
    def create(cls, entry_point: EntryPoint, validator: Deployed, signer: LocalAccount, *, label: str = "") -> Account:
        """Deploys one that has the validator, initialised with the key's address."""

    @property
    @abstractmethod
    def nonce_key(self) -> int:
        """The nonce key that names the validator."""

    def encode(self, function: str, *args: Any) -> bytes:
        """A call of the account, as an operation's callData."""
        return self.contract.interface.encode(function, args)

    def operate(self, call_data: bytes) -> Handled:
        """An operation that the key signs."""
        operation = self.entry_point.operation(self.address, call_data, self.nonce_key, self.signer)
        return self.entry_point.handle(operation)

    def execute(self, execution: Execution, *, attempt: bool = False) -> Handled:
        """One call."""
        return self.operate(self.encode("execute", mode(attempt=attempt), single(execution)))

    def execute_batch(self, executions: Sequence[Execution], *, attempt: bool = False) -> Handled:
        """Many calls."""
        return self.operate(self.encode("execute", mode(BATCH, attempt=attempt), batch(executions)))

    def drive(self, executor: Deployed, execution: Execution, *, sender: str) -> dict[str, Any]:
        """One call by the executor DrivenModule, which anybody drives."""
        return self.chain.send(executor, "drive", self.address, mode(), single(execution), sender=sender)

    def install(self, kind: int, module: str, data: bytes = b"") -> Handled:
        """Installs a module; a fallback handler's data begin with its selector."""
        return self.operate(self.encode("installModule", kind, module, self.install_data(kind, data)))

    def uninstall(self, kind: int, module: str, data: bytes = b"") -> Handled:
        """Uninstalls a module."""
        return self.operate(self.encode("uninstallModule", kind, module, self.uninstall_data(kind, data)))

    def install_data(self, kind: int, data: bytes) -> bytes:  # noqa: ARG002
        """As the account expects it around the module's own."""
        return data

    def uninstall_data(self, kind: int, data: bytes) -> bytes:  # noqa: ARG002
        """As the account expects it around the module's own."""
        return data

    def install_hook(self, hook: str) -> Handled:
        """Has the account ask a hook."""
        return self.install(HOOK, hook)

    def uninstall_hook(self, hook: str) -> Handled:
        """Has the account ask it no more."""
        return self.uninstall(HOOK, hook)

    def signature(self, digest: bytes) -> bytes:
        """For `isValidSignature`: which validator, and the key's signature."""
        return bytes.fromhex(self.validator.address[2:]) + sign_hash(self.signer, digest)


class OpenZeppelin(Account):
    """AccountERC7579Hooked, from source (HookedAccount)."""

    name = "OpenZeppelin AccountERC7579Hooked"

    @classmethod
    def create(
        cls, entry_point: EntryPoint, validator: Deployed, signer: LocalAccount, *, label: str = ""
    ) -> OpenZeppelin:
        """Not a proxy."""
        args = (entry_point.address, validator.address, _bytes(signer))
        return cls(entry_point, entry_point.chain.deploy("HookedAccount", *args, label=label), validator, signer)

    @property
    def nonce_key(self) -> int:
        """The validator in the uppermost 20 bytes."""
        return int(self.validator.address, 16) << 32


class Nexus(Account):
    """Biconomy's Nexus: one hook for everything."""

    name = "Nexus"

    @classmethod
    def create(cls, entry_point: EntryPoint, validator: Deployed, signer: LocalAccount, *, label: str = "") -> Nexus:
        """A proxy, set up by the bootstrap contract; no module registry."""
        chain = entry_point.chain
        implementation = chain.deploy("Nexus", entry_point.address, label=label)
        bootstrap = chain.deploy("NexusBootstrap", label=label)
        none = (ZERO, b"")
        config: tuple[Any, ...] = ([(validator.address, _bytes(signer))], [], none, [], ZERO, [], 0)
        initial = chain.call(bootstrap, "getInitNexusCalldata", *config)
        initialize = implementation.interface.encode("initializeAccount", (initial,))
        proxy = chain.deploy("NexusProxy", implementation.address, initialize, label=label)
        return cls(entry_point, chain.at(proxy.address, "Nexus"), validator, signer)

    def emergency_uninstall_hook(self, hook: str) -> Handled:
        """Asks to be rid of a hook that refuses to go; a day later, does it."""
        return self.operate(self.encode("emergencyUninstallHook", hook, b""))

    @property
    def nonce_key(self) -> int:
        """The validator in the lowest 20 bytes, before them the mode, 0."""
        return int(self.validator.address, 16)

    def install_data(self, kind: int, data: bytes) -> bytes:
        """A fallback handler is called, not delegated to."""
        return data[:4] + bytes([SINGLE]) + data[4:] if kind == FALLBACK else data

    def uninstall_data(self, kind: int, data: bytes) -> bytes:
        """Validators and executors are in linked lists: the first is behind 1."""
        return encode(["address", "bytes"], [_FIRST, data]) if kind in (VALIDATOR, EXECUTOR) else data


class Kernel(Account):
    """ZeroDev's Kernel 3.1: a hook for each validator, executor and fallback handler, given when that is installed.

    Its root validator has the hook that `create` is given; every other way needs `install` with `hook` set.
    """

    name = "Kernel"

    hook: str = NO_HOOK
    """Of executors and fallback handlers that are installed from now on."""
    hooked: bool = False
    """Whether the validator has a hook: it then accepts executeUserOp alone."""
    root: bool = True
    """Whether the validator is the root one, which may do everything."""

    @classmethod
    def create(cls, entry_point: EntryPoint, validator: Deployed, signer: LocalAccount, *, label: str = "") -> Kernel:
        """A proxy, without hook."""
        return cls.create_hooked(entry_point, validator, signer, NO_HOOK, label=label)

    @classmethod
    def create_hooked(
        cls, entry_point: EntryPoint, validator: Deployed, signer: LocalAccount, hook: str, *, label: str = ""
    ) -> Kernel:
        """A proxy whose root validator has a hook. Kernel itself is placed: this build is above EIP-170's limit."""
        chain = entry_point.chain
        implementation = _place(chain, "Kernel", account(f"Kernel {label}"), entry_point.address)
        factory = chain.deploy("KernelFactory", implementation.address, label=label)
        root = _identifier(validator.address)
        data = implementation.interface.encode("initialize", (root, hook, _bytes(signer), _ON_INSTALL, []))
        address = str(chain.call(factory, "createAccount", data, bytes(32)))
        chain.send(factory, "createAccount", data, bytes(32))
        made = cls(entry_point, chain.at(address, "Kernel"), validator, signer)
        made.hook, made.hooked = hook, hook != NO_HOOK
        return made

    @property
    def nonce_key(self) -> int:
        """The root validator's is 0; another's has its type and its address in it."""
        return 0 if self.root else int.from_bytes(b"\x00" + _identifier(self.validator.address) + bytes(2), "big")

    def operate(self, call_data: bytes) -> Handled:
        """Through executeUserOp if there is a hook."""
        return super().operate(EXECUTE_USER_OP + call_data if self.hooked else call_data)

    def install_data(self, kind: int, data: bytes) -> bytes:
        """The hook, then the module's data and the hook's; a fallback handler is called, not delegated to."""
        hook = bytes.fromhex(self.hook[2:])
        if kind == EXECUTOR:
            return hook + encode(["bytes", "bytes"], [data, _ON_INSTALL])
        if kind == FALLBACK:
            return data[:4] + hook + encode(["bytes", "bytes"], [bytes([SINGLE]) + data[4:], _ON_INSTALL])
        return data

    def install_hook(self, hook: str) -> Handled:
        """Gives the root validator a hook, by installing it anew."""
        root = _identifier(self.validator.address)
        nonce, _ = self.chain.call(self.contract, "validationConfig", root)
        config = ([root], [(nonce + 1, hook)], [_bytes(self.signer)], [_ON_INSTALL])
        handled = self.operate(self.encode("installValidations", *config))
        if handled.success:
            self.hook, self.hooked = hook, True
        return handled

    def signature(self, digest: bytes) -> bytes:
        """The root validator's, for the hash that Kernel makes of another."""
        wrapped = encode_typed_data(
            domain_data={
                "name": "Kernel",
                "version": "0.3.1",
                "chainId": self.chain.node.chain_id,
                "verifyingContract": self.address,
            },
            message_types={"Kernel": [{"name": "hash", "type": "bytes32"}]},
            message_data={"hash": digest},
        )
        return b"\x00" + bytes(self.signer.sign_message(wrapped).signature)

    def uninstall_hook(self, hook: str) -> Handled:
        """Takes the root validator's hook away; executors and fallback handlers keep theirs."""
        handled = super().uninstall_hook(hook)
        if handled.success:
            self.hook, self.hooked = NO_HOOK, False
        return handled

    def with_validator(self, validator: Deployed, signer: LocalAccount, hook: str) -> Kernel:
        """The account as another key sees it, an agent's: its validator is installed with a hook, for `execute` only.

        Raises:
            ContractReverted: It cannot be installed.
        """
        data = encode(["bytes", "bytes", "bytes"], [_bytes(signer), _ON_INSTALL, _EXECUTE])
        handled = self.install(VALIDATOR, validator.address, bytes.fromhex(hook[2:]) + data)
        if not handled.success:
            raise from_revert(handled.reason)
        seen = Kernel(self.entry_point, self.contract, validator, signer)
        seen.root, seen.hook, seen.hooked = False, hook, hook != NO_HOOK
        return seen


class Safe7579(Account):
    """Rhinestone's adapter that makes a Safe an ERC-7579 account: it is the Safe's module and its fallback handler."""

    name = "Safe7579"
    safe: Safe
    """The Safe by its own functions, which its owners call as ever."""

    @classmethod
    def create(cls, entry_point: EntryPoint, validator: Deployed, signer: LocalAccount, *, label: str = "") -> Safe7579:
        """A Safe 1.4.1 that the signer owns, with the adapter set up in it; no module registry."""
        chain = entry_point.chain
        adapter = chain.deploy("Safe7579", label=label).address
        safe = Safes(chain, "1.4.1", label=f"Safe7579 {label}").create([signer.address])
        owner = Sender(signer.address)
        made = cls(entry_point, chain.at(safe.address, "Safe7579"), validator, signer)
        modules: tuple[Any, ...] = ([(validator.address, _bytes(signer))], [], [], [], (ZERO, [], 0))
        set_up = safe.multi_send(
            [
                Call(safe.address, safe.contract.interface.encode("enableModule", (adapter,))),
                Call(safe.address, safe.contract.interface.encode("setFallbackHandler", (adapter,))),
                # Through the fallback handler: the Safe itself calls.
                Call(safe.address, made.encode("initializeAccount", *modules)),
            ]
        )
        safe.exec(set_up, [owner], sender=signer.address)
        made.safe = safe
        return made

    @property
    def nonce_key(self) -> int:
        """The validator in the uppermost 20 bytes."""
        return int(self.validator.address, 16) << 32

    def install_data(self, kind: int, data: bytes) -> bytes:
        """A hook is for every selector; a fallback handler is called, not delegated to."""
        if kind == HOOK:
            return encode(["uint8", "bytes4", "bytes"], [0, bytes(4), data])
        if kind == FALLBACK:
            return encode(["bytes4", "bytes1", "bytes"], [data[:4], bytes([SINGLE]), data[4:]])
        return data

    def uninstall_data(self, kind: int, data: bytes) -> bytes:
        """As Nexus, with a hook's place before its data."""
        if kind == HOOK:
            return self.install_data(kind, data)
        return encode(["address", "bytes"], [_FIRST, data]) if kind in (VALIDATOR, EXECUTOR) else data


ACCOUNTS: tuple[type[Account], ...] = (OpenZeppelin, Nexus, Kernel, Safe7579)


def _place(chain: Chain, name: str, address: str, *args: Any) -> Deployed:
    """Creates a contract where no transaction could: at an address of choice, or above the limit of code size.

    Its constructor is run where it is to be, as if it were code already there, and what it returns put in its place.
    """
    compiled = chain.artifacts[name]
    placed = chain.at(address, name)
    inputs: list[dict[str, str]] = next(
        (entry["inputs"] for entry in compiled.abi if entry["type"] == "constructor"), []
    )
    code = compiled.creation + encode([entry["type"] for entry in inputs], args)
    chain.node.request("anvil_setCode", address, "0x" + code.hex())
    request = {"from": BUNDLER, "to": address, "gas": hex(GAS), "gasPrice": "0x0"}
    runtime = chain.node.call(request, "latest")
    chain.node.request("eth_sendTransactionSync", request)
    chain.node.request("anvil_setCode", address, "0x" + runtime.hex())
    return placed


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def _bytes(signer: LocalAccount) -> bytes:
    return bytes.fromhex(signer.address[2:])


def _identifier(validator: str) -> bytes:
    return b"\x01" + bytes.fromhex(validator[2:])
