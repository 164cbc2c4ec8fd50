// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice One call of an execution, its data left where it lies in the transaction's calldata.
/// @param target Who is called; never zero, which stands for the account itself.
/// @param value Wei sent.
/// @param offset Where in `msg.data` the call's data begin.
/// @param length How many bytes.
struct Call {
    address target;
    uint256 value;
    uint256 offset;
    uint256 length;
}

/// @notice How a target's calldata is to be read. The same selector means an amount for one token and an id for another, so the
/// wallet's owner says which the target is.
enum Standard {
    None, // any contract but a token: nothing is known of amounts
    ERC20, // with ERC-2612 and increaseAllowance
    ERC721,
    ERC1155,
    ERC4626, // a vault: its shares are an ERC-20 too
    Permit2 // Uniswap's, which holds allowances of any token
}

/// @notice What one call takes from the account, or lets others take.
/// @param known Whether amount and asset could be read. If not, only what the balances show can be charged.
/// @param asset The token; `NATIVE` for a plain transfer of the chain's own coin; `UNDERLYING` for the asset of an ERC-4626 vault, which only
/// the vault knows.
/// @param amount In the asset's smallest unit; for ERC-721 the number of tokens, `type(uint256).max` for all of them.
/// @param recipient Who receives it or may take it from now on; zero if nobody.
struct Spend {
    bool known;
    address asset;
    uint256 amount;
    address recipient;
}

/// @dev The chain's own coin, as an asset; also the lane on which calls that move no asset are counted.
address constant NATIVE = address(0);
/// @dev The asset of the ERC-4626 vault that is called.
address constant UNDERLYING = address(1);
/// @dev Selector of a call without data. No function of four zero bytes is ever permitted.
bytes4 constant PLAIN_TRANSFER = 0x00000000;

/// @dev Stands for the decoded recipient in a rule, in place of a word of the arguments.
uint16 constant RECIPIENT = type(uint16).max;

/// @notice What an argument may be: low <= word <= high, so that low = high is equality. Rules of the same word are alternatives, which
/// makes a set; a call has to keep one rule of each word that has any.
/// @param word Index of the 32-byte word after the selector (arguments of dynamic type show their offset there), or `RECIPIENT`.
struct Rule {
    uint16 word;
    bytes32 low;
    bytes32 high;
}

/// @notice What one agent key may call, and how much of what. Everything not permitted is denied.
/// @param wallet The agent's wallet.
/// @param target Who may be called.
/// @param selector Which function; `PLAIN_TRANSFER` for a call without data.
/// @param standard How its calldata is read.
/// @param measured Whether balances are compared too, so that the larger of decoded amount and drop is charged. Tokens that take
/// fees or rebase need it.
/// @param expiry First second at which it counts no longer.
/// @param uses How often it may be used; 0 for any number.
/// @param cooldown Seconds between two uses.
/// @param nativeCap Wei that one call may send with it.
/// @param callCap Amount that one call may take.
/// @param lifetimeCap Amount that all its calls together may take; 0 for any.
/// @param approveAbove An amount above this needs countersignatures; unknown amounts too, unless it is `type(uint256).max`.
/// @param delayAbove An amount above this must also have been scheduled; likewise.
/// @param assets Further assets whose balance is compared: what they drop by is charged to their lanes. At most 4.
/// @param rules What arguments have to be, in the order of their words. At most 32.
struct Permission {
    address wallet;
    address target;
    bytes4 selector;
    Standard standard;
    bool measured;
    uint40 expiry;
    uint24 uses;
    uint24 cooldown;
    uint256 nativeCap;
    uint256 callCap;
    uint128 lifetimeCap;
    uint256 approveAbove;
    uint256 delayAbove;
    address[] assets;
    Rule[] rules;
}
