"""An account's policy with a council: for commands that are about what people countersign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from switchgear.chain import Node
from switchgear.countersign import Countersign
from switchgear.decoder import NATIVE, Standard
from switchgear.deployment import core_address, deploy
from switchgear.policy import Permission, Setup, deploy_safe_guard
from tests.support.world import DAY, LIMITS, POLICY

if TYPE_CHECKING:
    from tests.support.world import World

WAIT = 2 * DAY
TOKEN, PAYEE = (to_checksum_address("0x" + byte * 20) for byte in ("70", "9a"))
TRANSFER = "transfer(address,uint256)"
CAP, CALL_CAP, APPROVE_ABOVE, DELAY_ABOVE = 1_000_000, 900_000, 100_000, 500_000


@dataclass(frozen=True)
class Council:
    """An account's policy, and those who countersign for it: alice and bob, both."""

    world: World
    policy: str
    client: Countersign
    account: str
    wallet: str

    @property
    def place(self) -> tuple[str, ...]:
        """Options that say whose proposal it is."""
        return "--policy", self.policy, "--wallet", self.wallet

    def move(self, amount: int) -> str:
        """A transfer of the token, as --call has it."""
        data = keccak(text=TRANSFER)[:4] + encode(["address", "uint256"], [PAYEE, amount])
        return f"{TOKEN}:0:0x{data.hex()}"


def open_council(world: World, accounts: Any) -> Council:
    """A Safe's guard whose owner has a council; the agent may move the token and send coins."""
    node = Node(world.web3)
    signers = [bytes.fromhex(accounts[index].address[2:]) for index in (8, 9)]
    made = deploy(node, "Countersign", core_address(), world.owner.address, signers, 2, WAIT, sender=world.deployer)
    account = accounts[6].address
    setup = Setup(core_address(), account, world.owner.address, made.address)
    limits = LIMITS._replace(value_cap=CAP)
    setup = setup.asset(TOKEN, limits, POLICY).asset(NATIVE, limits, POLICY)
    setup = setup.permit(
        Permission(
            world.wallet.address,
            TOKEN,
            TRANSFER,
            Standard.ERC20,
            call_cap=CALL_CAP,
            approve_above=APPROVE_ABOVE,
            delay_above=DELAY_ABOVE,
        ),
        Permission(world.wallet.address, PAYEE, b"", approve_above=0, delay_above=0),
        Permission(world.wallet.address, TOKEN, "poke()", approve_above=0, delay_above=0),
    )
    guard = deploy_safe_guard(world.web3, setup, sender=world.deployer)
    client = Countersign(world.web3, made.address)
    return Council(world, guard.address, client, account, world.wallet.address)
