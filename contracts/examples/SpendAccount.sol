// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AgentGuarded} from "../adapters/AgentGuarded.sol";
import {ICircuitBreaker} from "../interfaces/ICircuitBreaker.sol";
import {AgentWords} from "../libraries/AgentWords.sol";
import {AgentWord, LanePolicy, Limits, UnknownPolicy} from "../types/Types.sol";
import {Verdict} from "../types/Verdict.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title SpendAccount
/// @notice A budget that one agent and everything it spawns pay their bills from.
///
/// @dev Design
///
///      Who may spend is the tree: an agent whose line of parents leads to `root`. How much is the series: a sub-agent's
///      payment charges itself and each of its ancestors, so a hundred sub-agents together spend no more
///      than the root's own budget, and tripping the root stops all of them at once (ID-6).
///
///      The lane verifies the live owner at each payment (`live`): the account belongs to that owner's agents, and a sold
///      agent must not spend for one block more. This costs 10,000 to 20,000 gas.
///
///      Trust assumptions
///
///      Agents' keys may be hostile: they can spend the budget of a window, and no more in any interval than BR-2 allows.
///      The treasurer owns the tokens, is the admin of the lane, and takes the tokens back whenever it likes.
///
///      Warnings
///
///      - The budget holds for one window; over a day of 24 one-hour windows it is 24 budgets and one.
///      - A fresh agent has a quarter of the caps for its first two windows (probation).
///      - A payment to an address that is wrong is a payment: whom agents may pay is a matter for SessionPolicy.
contract SpendAccount is AgentGuarded {
    using AgentWords for AgentWord;
    using SafeERC20 for IERC20;

    /// @notice Money left the account for a bill.
    event Paid(uint32 indexed agent, address indexed wallet, address indexed to, uint256 amount);

    /// @notice The agent neither is the root nor descends from it.
    error NotInTree(uint32 agent, uint32 root);
    /// @notice Only the treasurer may do this.
    error NotTreasurer(address caller);

    /// @notice The lane of payments; its unit is the smallest unit of the token.
    uint256 public constant SPEND_LANE = 0;

    /// @notice What bills are paid in.
    IERC20 public immutable token;
    /// @notice Whose money it is.
    address public immutable treasurer;
    /// @notice The agent at the top of the tree that may spend.
    uint32 public immutable root;

    /// @param core The core to ask.
    /// @param token_ What bills are paid in.
    /// @param treasurer_ Whose money it is; the lane's admin.
    /// @param root_ The agent at the top of the tree.
    /// @param budget What the whole tree may spend per hour, in the smallest unit of the token.
    constructor(ICircuitBreaker core, IERC20 token_, address treasurer_, uint32 root_, uint256 budget)
        AgentGuarded(core, treasurer_)
    {
        (token, treasurer, root) = (token_, treasurer_, root_);
        core.statusOf(root_); // reverts unless enrolled: 0 would be everybody's root
        Limits memory limits = Limits({
            countCap: 600, // payments per window: of each agent, and of the root's whole tree
            valueCap: budget,
            tripLevel: 100, // whoever uses a meter up is stopped for the cooldown
            strikes: 5, // as is who is refused five times within a window
            cooldown: 3 hours,
            maxBackoff: 3, // 3 hours, or if it happens in probation again 6, 12, 24
            halfOpenScale: 4, // sixteenths
            probation: 2 // windows
        });
        LanePolicy memory policy = LanePolicy({
            window: 1 hours,
            lineageCount: 1,
            lineageValue: 1,
            share: 100,
            lineage: false, // one tree: nobody else to move together with
            attested: false,
            live: true,
            shadow: false,
            unknown: UnknownPolicy.Deny,
            registry: address(0) // whichever registry the root is of
        });
        core.openLane(SPEND_LANE, limits, policy, new uint32[](0));
    }

    /// @notice Pay a bill, as a wallet of the root or of an agent that descends from it.
    /// @dev A stranger's charge goes with the revert: nobody outside can use up a meter in this lane.
    function pay(address to, uint256 amount) external {
        Verdict verdict = _requireAdmitted(SPEND_LANE, amount);
        require(_isInTree(verdict.agent()), NotInTree(verdict.agent(), root));
        token.safeTransfer(to, amount);
        emit Paid(verdict.agent(), msg.sender, to, amount);
    }

    /// @notice Take money back. Never gated.
    function withdraw(uint256 amount) external {
        require(msg.sender == treasurer, NotTreasurer(msg.sender));
        token.safeTransfer(treasurer, amount);
    }

    function _isInTree(uint32 agent) private view returns (bool) {
        while (agent != root && agent != 0) agent = circuitBreaker.agentWord(agent).parent();
        return agent == root;
    }
}
