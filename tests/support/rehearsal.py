"""The vault of docs/operate.md, and the agent that runs away with it: `python -m tests.support.rehearsal URI`.

For a local chain on which agent 1 is enrolled, owned by Ape's test account 1, acting through 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from ape import networks
from ape.logging import LogLevel, logger
from ape.utils import ManagerAccessMixin

from switchgear import Breaker, LanePolicy, Limits

if TYPE_CHECKING:
    from ape.contracts import ContractInstance

UNIT = 10**18
HOUR = 3600
LIMITS = Limits(
    count_cap=20,
    value_cap=1_000 * UNIT,
    trip_level=95,
    strikes=5,
    cooldown=3 * HOUR,
    max_backoff=3,
    half_open_scale=8,
    probation=2,
)
"""Of each agent in an hour: 20 withdrawals, 1,000 dollars; half of it while new. The last straw has three minutes."""
POLICY = LanePolicy(window=HOUR)
WITHDRAWAL = 100 * UNIT
ALLOWANCE = 10_000 * UNIT


def rehearse(uri: str) -> str:
    """Deploys a vault (admin 3, guardian 4), and lets the agent withdraw until a breaker opens behind it.

    Returns:
        The vault's address and what became of the agent, in one line.
    """
    with networks.parse_network_choice(uri), logger.at_level(LogLevel.WARNING):
        people = ManagerAccessMixin.account_manager.test_accounts
        depositor, owner, wallet, admin, guardian = (people[index] for index in range(5))
        breaker = Breaker(ManagerAccessMixin.provider.web3)
        token = _deploy("contracts/mocks/ExampleToken.sol", depositor, "Dollar", "USD")
        arguments: tuple[Any, ...] = (token.address, breaker.address, admin.address, LIMITS, POLICY, [])
        vault = _deploy("contracts/examples/GuardedVault.sol", depositor, *arguments)
        breaker.set_guardian(vault.address, guardian.address, 6 * HOUR, sender=admin)
        breaker.set_agent_guardian(1, guardian.address, 6 * HOUR, sender=owner)
        token.mint(depositor, ALLOWANCE, sender=depositor)
        token.approve(vault, ALLOWANCE, sender=depositor)
        vault.deposit(ALLOWANCE, depositor, sender=depositor)
        vault.approve(wallet, ALLOWANCE, sender=depositor)
        while breaker.preview(vault.address, 0, wallet.address, WITHDRAWAL).admitted:
            vault.withdraw(WITHDRAWAL, wallet, depositor, sender=wallet)
        return f"vault {vault.address}: agent 1 withdrew until it was stopped"


def _deploy(path: str, deployer: Any, *arguments: Any) -> ContractInstance:
    loaded = ManagerAccessMixin.local_project.load_contracts(path)
    container = next(one for one in loaded.values() if one.contract_type.source_id == path)
    return deployer.deploy(container, *arguments)


@click.command()
@click.argument("uri")
def main(uri: str) -> None:
    """Play the story up to the alert, on the local chain at URI."""
    click.echo(rehearse(uri))


if __name__ == "__main__":
    main()
