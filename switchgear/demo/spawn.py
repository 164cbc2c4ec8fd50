"""Scene 4: an agent that spawns agents that spawn agents."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from switchgear import signing
from switchgear.demo.scene import Figures, Script, dollars
from switchgear.demo.stage import DOLLAR, HOUR, UNLIMITED, Call, Example, Outcome
from switchgear.display import plural
from switchgear.errors import DepthExceeded, SpawnNotGranted
from switchgear.types import Cause, Causes, Reason, Scope, Subject
from switchgear.values import to_note

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from switchgear.demo.scene import Scene
    from switchgear.demo.stage import Stage

WIDTHS = (1, 3, 6, 5, 5)
"""Agents of each generation: 20 in all."""
BILL = 600 * DOLLAR
BUDGET = 3_000 * DOLLAR
"""Of the whole tree, an hour."""
MONEY = 50_000 * DOLLAR
LANE = 0
"""`SPEND_LANE` of the account."""


class _Agent(NamedTuple):
    """A member of the tree."""

    handle: int
    wallet: LocalAccount
    depth: int


@dataclass
class _Tree:
    """A root, its descendants, and what they pay from."""

    stage: Stage
    scene: Scene
    owner: LocalAccount
    treasurer: LocalAccount
    seller: LocalAccount
    token: Example
    account: Example
    agents: list[_Agent]
    trip_gas: dict[int, int] = field(default_factory=dict)
    """Of the root's kill switch, by the number of agents in the tree."""

    @property
    def root(self) -> _Agent:
        """Everybody's ancestor."""
        return self.agents[0]

    def trip(self) -> Outcome:
        """The owner trips the root's kill switch."""
        note = to_note("runaway tree")
        outcome = self.stage.attempt(self.owner, self.stage.breaker, "tripAgent", self.root.handle, note)
        self.trip_gas[len(self.agents)] = outcome.gas
        return outcome


def play(stage: Stage, scene: Scene) -> Figures:
    """A tree of 20 agents, each with a bill of $600: an allowance against a budget; and one trip for all (S10)."""
    owner, treasurer, seller, wallet = stage.cast("the owner", "the treasurer", "the seller", "the root's wallet")
    root = _Agent(stage.enroll(owner, wallet), wallet, 0)
    token = stage.token("Dollar", "USD")
    guard = (stage.breaker.address, token.address, treasurer.address, root.handle, BUDGET)
    account = stage.deploy("SpendAccount", *guard)
    tree = _Tree(stage, scene, owner, treasurer, seller, token, account, [root])
    _grow(tree)
    lost_without, lost_with, blocks = _spend(tree)
    _fell(tree)
    more = {"agents": len(tree.agents), "gas_of_trip_by_agents": tree.trip_gas}
    return Figures(lost_without, lost_with, blocks, more)


def _grow(tree: _Tree) -> None:
    """The agents spawn, generation by generation, as far as the owner and the core let them (ID-6, ID-9)."""
    stage, scene, breaker, agents = tree.stage, tree.scene, tree.stage.breaker, tree.agents
    scene.say(f"Agent {tree.root.handle} spawns agents, and they do too. The owner lets it, as one does.")
    for width in WIDTHS[1:]:
        tree.trip()
        breaker.reset_agent(tree.root.handle, Causes.OWNER, sender=tree.owner)
        parents = [one for one in agents if one.depth == agents[-1].depth]
        for place, child in enumerate(stage.actors(width)):
            parent = parents[place % len(parents)]
            breaker.grant_spawn(parent.handle, 1, stage.now + HOUR, sender=tree.owner)
            outcome = _spawn(stage, parent, child, tree.owner)
            if outcome.error:
                raise outcome.error
            handle = next(event.args["agent"] for event in outcome.events if event.name == "AgentEnrolled")
            agents.append(_Agent(int(handle), child, parent.depth + 1))
    scene.say(f"{plural(len(agents), 'agent')} in {len(WIDTHS)} generations, each with a wallet of its own.")
    depths = [breaker.agent(one.handle).depth for one in agents]
    scene.holds("the core knows each one's depth", [depths.count(depth) for depth in range(len(WIDTHS))], list(WIDTHS))
    ungranted = _spawn(stage, tree.root, stage.actor(), tree.owner)
    scene.guarded(f"One child more than granted: {ungranted.answer}.")
    scene.holds("it is refused with SpawnNotGranted", type(ungranted.error), SpawnNotGranted)
    breaker.grant_spawn(agents[-1].handle, 1, stage.now + HOUR, sender=tree.owner)
    deeper = _spawn(stage, agents[-1], stage.actor(), tree.owner)
    scene.guarded(f"A sixth generation: {deeper.answer}.")
    scene.holds("it is refused with DepthExceeded", type(deeper.error), DepthExceeded)


def _spend(tree: _Tree) -> tuple[int, int, int]:
    """All pay at once, by allowances and from the account. Returns what that came to, and the blocks it took."""
    stage, scene, token, account = tree.stage, tree.scene, tree.token, tree.account
    treasurer, seller = tree.treasurer, tree.seller.address
    youngest_first = [one.wallet for one in reversed(tree.agents)]
    stage.at_once(
        [Call(treasurer, token, "mint", (to, MONEY)) for to in (treasurer.address, account.address)]
        + [Call(treasurer, token, "approve", (wallet.address, UNLIMITED)) for wallet in youngest_first]
    )
    paid = stage.at_once([Call(wallet, account, "pay", (seller, DOLLAR)) for wallet in youngest_first])
    scene.holds("every agent pays a first dollar", all(outcome.done for outcome in paid))
    scene.wait(timedelta(hours=2), "probation")

    scene.say(f"Then all {len(tree.agents)} buy at once, the youngest first: {dollars(BILL)} each.")
    before = _balance(token, treasurer.address)
    stage.at_once([Call(wallet, token, "transferFrom", (treasurer.address, seller, BILL)) for wallet in youngest_first])
    lost_without = before - _balance(token, treasurer.address)
    scene.without(f"With an allowance for each, that is a bill of {dollars(lost_without)} in one block.")
    scene.holds("without a guard every agent paid", lost_without, BILL * len(tree.agents))

    before = _balance(token, account.address)
    outcomes = stage.at_once([Call(wallet, account, "pay", (seller, BILL)) for wallet in youngest_first])
    lost_with = before - _balance(token, account.address)
    bills = sum(outcome.done for outcome in outcomes)
    scene.guarded(f"{plural(bills, 'bill')} paid, {dollars(lost_with)}: that is the root's budget, and it trips.")
    scene.at_most("the tree spent no more than the root's budget", lost_with, BUDGET)
    trips = [(event.args["subject"], event.args["cause"]) for outcome in outcomes for event in outcome.trips]
    root = Subject.of_agent(tree.root.handle)
    scene.holds("the root's breaker opened, by last straw", trips, [(root, Cause.VALUE_LAST_STRAW)])
    denied = [outcome.verdict and outcome.verdict.reason for outcome in outcomes if not outcome.done]
    expected = [Reason.BREAKER_OPEN] * (len(tree.agents) - bills)
    scene.holds(f"the other {len(denied)} are denied by it", denied, expected)
    stopped = next(outcome.block for outcome in outcomes if outcome.trips)
    return lost_without, lost_with, stopped - outcomes[0].block


def _fell(tree: _Tree) -> None:
    """One trip of the root stops the whole tree everywhere, for the same gas whatever its size (ID-6, BR-12)."""
    stage, scene, agents = tree.stage, tree.scene, tree.agents
    tripped = tree.trip()
    scene.guarded(f"The owner trips the root's kill switch: {tripped.gas:,} gas, for all of the tree, everywhere.")
    statuses = stage.breaker.statuses([one.wallet.address for one in agents])
    scopes = [status.scope for status in statuses]
    expected = [Scope.KILL_SWITCH] + [Scope.ANCESTOR_KILL_SWITCH] * (len(agents) - 1)
    scene.holds(f"all {len(agents)} agents are stopped", scopes, expected)
    verdict = stage.attempt(agents[-1].wallet, tree.account, "pay", tree.seller.address, DOLLAR).verdict
    found = verdict and (verdict.scope, verdict.distance)
    above = (Scope.ANCESTOR_KILL_SWITCH, agents[-1].depth)
    scene.holds("a dollar of the youngest is denied by its ancestor four up", found, above)
    sizes = ", ".join(f"{gas:,} for {size}" for size, gas in tree.trip_gas.items())
    scene.say(f"Gas of that trip by the number of agents: {sizes}.")
    scene.holds("it is the same for any number", len(set(tree.trip_gas.values())), 1)


def _spawn(stage: Stage, parent: _Agent, child: LocalAccount, owner: LocalAccount) -> Outcome:
    """An agent registers an identity, hands it to its own owner and enrols it as its child (ID-9)."""
    registered = stage.registry.register(sender=parent.wallet).event("Registered")
    agent_id = registered.args["agentId"]
    stage.registry.transfer(agent_id, owner.address, sender=parent.wallet)
    deadline = stage.now + HOUR
    message = stage.breaker.child_binding(stage.registry.address, agent_id, child.address, deadline)
    binding = (child.address, stage.now + 24 * HOUR, deadline, signing.sign(message, child))
    return stage.attempt(parent.wallet, stage.breaker, "spawn", stage.registry.address, agent_id, *binding)


def _balance(token: Example, address: str) -> int:
    return int(token.read("balanceOf", address))


SCRIPT = Script("spawn", "Recursive spawn: agents that hire agents", ("S10",), play)
