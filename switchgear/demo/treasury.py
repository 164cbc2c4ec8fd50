"""A Safe that an agent works for: what the scenes about wallets are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address

from switchgear.countersign import Call
from switchgear.decoder import Standard
from switchgear.demo.stage import DOLLAR, HOUR, Example, Outcome, Stage
from switchgear.foreign.safe import LATEST
from switchgear.policy import UNLIMITED, Permission, Setup, safe_installation
from switchgear.types import ZERO_ADDRESS, LanePolicy, Limits

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

TRANSFER = "transfer(address,uint256)"
POLICY = LanePolicy(window=HOUR)
LIMITS = Limits(
    count_cap=20,
    value_cap=20_000 * DOLLAR,
    trip_level=100,
    strikes=3,
    cooldown=3 * HOUR,
    max_backoff=3,
    half_open_scale=4,
    probation=0,
)
CALL, DELEGATECALL = 0, 1


@dataclass(frozen=True)
class Treasury:
    """A Safe of an agent's wallet and a person, either of whom is enough, with money in it."""

    stage: Stage
    safe: Example
    token: Example
    agent: LocalAccount
    """The agent's wallet."""
    person: LocalAccount
    multi_send: Example

    @property
    def balance(self) -> int:
        """What it holds."""
        return int(self.token.read("balanceOf", self.safe.address))

    def transfer(self, to: LocalAccount, amount: int) -> Call:
        """The call that pays somebody."""
        return Call(self.token.address, 0, self.token.interface.encode("transfer", (to.address, amount)))

    def pay(self, sender: LocalAccount, to: LocalAccount, amount: int) -> Outcome:
        """An owner pays somebody."""
        return self.execute(sender, self.transfer(to, amount))

    def execute(self, sender: LocalAccount, call: Call, *, operation: int = CALL, gas_price: int = 0) -> Outcome:
        """One owner's transaction: whoever sends it agrees by sending it."""
        signature = encode(["address", "uint256"], [sender.address, 0]) + b"\x01"
        refund = (0, 0, gas_price, self.token.address if gas_price else ZERO_ADDRESS, sender.address)
        args = (call.target, call.value, call.data, operation, *refund, signature)
        return self.stage.attempt(sender, self.safe, "execTransaction", *args)


def open_treasury(stage: Stage, agent: LocalAccount, person: LocalAccount, amount: int) -> Treasury:
    """A Safe 1.5.0 of the two, with threshold 1 and so many dollars."""
    singleton, factory, multi_send = (
        stage.deploy(f"{name} {LATEST}") for name in ("Safe", "SafeProxyFactory", "MultiSendCallOnly")
    )
    owners = [agent.address, person.address]
    setup = singleton.interface.encode(
        "setup", (owners, 1, ZERO_ADDRESS, b"", ZERO_ADDRESS, ZERO_ADDRESS, 0, ZERO_ADDRESS)
    )
    made = stage.attempt(stage.deployer, factory, "createProxyWithNonce", singleton.address, setup, stage.block)
    safe = stage.at(to_checksum_address(made.events[0].args["proxy"]), f"Safe {LATEST}")
    token = stage.token("Dollar", "USD")
    stage.attempt(person, token, "mint", safe.address, amount)
    return Treasury(stage, safe, token, agent, person, multi_send)


def guard(
    treasury: Treasury,
    owner: LocalAccount,
    permission: Permission,
    *,
    council: str = ZERO_ADDRESS,
    limits: Limits = LIMITS,
) -> Example:
    """Puts a treasury behind a policy that permits one thing; the person stays free."""
    setup = Setup(
        treasury.stage.breaker.address,
        treasury.safe.address,
        owner.address,
        countersign=council,
        trusted=(treasury.person.address,),
    ).asset(treasury.token.address, limits, POLICY)
    args = (setup.permit(permission).arguments, treasury.multi_send.address)
    deployed = treasury.stage.deploy("SafeAgentGuard", *args)
    for target, data in safe_installation(treasury.safe.address, deployed.address):
        installed = treasury.execute(treasury.person, Call(target, 0, data))
        if installed.error:
            raise installed.error
    return deployed


def payments(
    treasury: Treasury, *, call_cap: int = UNLIMITED, approve_above: int = UNLIMITED, delay_above: int = UNLIMITED
) -> Permission:
    """The permission to pay anybody, within caps."""
    return Permission(
        treasury.agent.address,
        treasury.token.address,
        TRANSFER,
        Standard.ERC20,
        call_cap=call_cap,
        approve_above=approve_above,
        delay_above=delay_above,
    )
