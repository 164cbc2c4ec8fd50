"""MetaMask's delegation manager (ERC-7710), and two accounts that delegate: a MultiSigDeleGator, a key by EIP-7702."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from eth_abi.abi import encode
from eth_account.messages import encode_typed_data

from switchgear.gas.chain import GAS, account

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eth_account.signers.local import LocalAccount

    from switchgear.foreign.modular import EntryPoint
    from switchgear.gas.chain import Chain, Deployed

ROOT_AUTHORITY = b"\xff" * 32
"""Authority of a delegation by the account itself."""
ANY_DELEGATE = "0x0000000000000000000000000000000000000a11"
"""A delegate that stands for anybody."""

_DELEGATION = (
    ("delegate", "address"),
    ("delegator", "address"),
    ("authority", "bytes32"),
    ("caveats", "Caveat[]"),
    ("salt", "uint256"),
)
_CAVEAT = (("enforcer", "address"), ("terms", "bytes"))
_ENCODED = "(address,address,bytes32,(address,bytes,bytes)[],uint256,bytes)[]"


class Caveat(NamedTuple):
    """One condition; `args` is unsigned, the redeemer's."""

    enforcer: str
    terms: bytes = b""
    args: bytes = b""


@dataclass(frozen=True)
class Delegation:
    """What a delegator lets a delegate do."""

    delegate: str
    delegator: str
    caveats: tuple[Caveat, ...] = ()
    authority: bytes = ROOT_AUTHORITY
    """ROOT_AUTHORITY, or the hash of the delegation to the delegator that this one hands on."""
    salt: int = 0
    signature: bytes = b""

    @property
    def fields(self) -> tuple[Any, ...]:
        """As the contract's struct."""
        caveats = [tuple(caveat) for caveat in self.caveats]
        return (self.delegate, self.delegator, self.authority, caveats, self.salt, self.signature)

    def with_args(self, *args: bytes) -> Delegation:
        """With other args of each caveat, which takes no new signature."""
        pairs = zip(self.caveats, args, strict=True)
        return replace(self, caveats=tuple(caveat._replace(args=one) for caveat, one in pairs))


class Delegations:
    """The manager, and accounts that trust it."""

    def __init__(self, entry_point: EntryPoint, *, label: str = "") -> None:
        """Deploys it, a second time with a label; accounts obey the EntryPoint as well."""
        self.chain = entry_point.chain
        self.manager = self.chain.deploy("DelegationManager", account("owner of the manager"), label=label)
        accounts = (self.manager.address, entry_point.address)
        self._multi_sig, self._stateless = (
            self.chain.deploy(name, *accounts, label=label)
            for name in ("MultiSigDeleGator", "EIP7702StatelessDeleGator")
        )

    def create(self, owners: Sequence[str], threshold: int = 1, *, label: str = "") -> Deployed:
        """A MultiSigDeleGator, behind a proxy: so many of the owners sign a delegation."""
        data = self._multi_sig.interface.encode("initialize(address[],uint256)", (owners, threshold))
        proxy = self.chain.deploy("ERC1967Proxy", self._multi_sig.address, data, label=f"DeleGator {label}")
        return self.chain.at(proxy.address, "MultiSigDeleGator")

    def adopt(self, signer: LocalAccount) -> Deployed:
        """Gives a key the code of EIP7702StatelessDeleGator: it then delegates by its plain signature."""
        delegate_code(self.chain, signer, self._stateless.address)
        return self.chain.at(signer.address, "EIP7702StatelessDeleGator")

    def hash(self, delegation: Delegation) -> bytes:
        """Its EIP-712 struct hash, which a delegation that hands it on has as authority."""
        return bytes(self.chain.call(self.manager, "getDelegationHash", delegation.fields))

    def sign(self, delegation: Delegation, *signers: LocalAccount) -> Delegation:
        """The delegation with the signatures of its delegator's owners, in the order of their addresses."""
        message = encode_typed_data(
            domain_data={
                "name": "DelegationManager",
                "version": "1",
                "chainId": self.chain.node.chain_id,
                "verifyingContract": self.manager.address,
            },
            message_types={
                "Delegation": [{"name": name, "type": of} for name, of in _DELEGATION],
                "Caveat": [{"name": name, "type": of} for name, of in _CAVEAT],
            },
            message_data={
                "delegate": delegation.delegate,
                "delegator": delegation.delegator,
                "authority": delegation.authority,
                "caveats": [{"enforcer": one.enforcer, "terms": one.terms} for one in delegation.caveats],
                "salt": delegation.salt,
            },
        )
        ordered = sorted(signers, key=lambda signer: int(signer.address, 16))
        signature = b"".join(bytes(signer.sign_message(message).signature) for signer in ordered)
        return replace(delegation, signature=signature)

    def hand_on(
        self, held: Delegation, delegate: str, caveats: tuple[Caveat, ...] = (), *, salt: int = 0
    ) -> Delegation:
        """A second hop, for the delegate of the first to sign."""
        return Delegation(delegate, held.delegate, caveats, self.hash(held), salt)

    def redeem(
        self, chain_of_delegations: Sequence[Delegation], mode: bytes, execution_calldata: bytes, *, sender: str
    ) -> dict[str, Any]:
        """Acts by a delegation, or by several, the nearest to the redeemer first; the receipt."""
        return self.redeem_many([(chain_of_delegations, mode, execution_calldata)], sender=sender)

    def redeem_many(
        self, redemptions: Sequence[tuple[Sequence[Delegation], bytes, bytes]], *, sender: str
    ) -> dict[str, Any]:
        """Acts by several chains of delegations in one transaction."""
        return self.chain.send(self.manager, "redeemDelegations", *_redemptions(redemptions), sender=sender)

    def redemption(self, redemptions: Sequence[tuple[Sequence[Delegation], bytes, bytes]]) -> bytes:
        """The same as calldata of the manager, for a contract that redeems."""
        return self.manager.interface.encode("redeemDelegations", _redemptions(redemptions))

    def disable(self, delegation: Delegation) -> dict[str, Any]:
        """The delegator takes it back; the node impersonates it."""
        return self.chain.send(self.manager, "disableDelegation", delegation.fields, sender=delegation.delegator)


def _redemptions(redemptions: Sequence[tuple[Sequence[Delegation], bytes, bytes]]) -> tuple[list[bytes], ...]:
    """As the manager's function takes them."""
    contexts = [encode([_ENCODED], [[one.fields for one in held]]) for held, _, _ in redemptions]
    return contexts, [mode for _, mode, _ in redemptions], [execution for _, _, execution in redemptions]


def delegate_code(chain: Chain, signer: LocalAccount, implementation: str) -> None:
    """Gives a key a contract's code, by an authorization that it signs (EIP-7702) and somebody else sends."""
    node = chain.node
    authorization: Any = signer.sign_authorization(
        {
            "chainId": node.chain_id,
            "address": implementation,
            "nonce": int(node.request("eth_getTransactionCount", signer.address, "latest"), 16),
        }
    )
    signed = {
        "chainId": hex(authorization.chain_id),
        "address": implementation,
        "nonce": hex(authorization.nonce),
        "yParity": hex(authorization.y_parity),
        "r": hex(authorization.r),
        "s": hex(authorization.s),
    }
    sponsor = account("sponsor")
    node.request(
        "eth_sendTransactionSync",
        {
            "from": sponsor,
            "to": sponsor,
            "gas": hex(GAS),
            "maxFeePerGas": "0x0",
            "maxPriorityFeePerGas": "0x0",
            "type": "0x4",
            "authorizationList": [signed],
        },
    )
