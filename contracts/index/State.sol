// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev What every mint and redemption reads:
/// `deprecated:1 | paused:1 | mintFee:8 | supplyCap:40 | vesting:32 | claims:32 | list:32 | base:96` = 242 bits, high
/// to low. Units as in {IIndexToken.IndexTerms}. `list` counts the lists of constituents so far: the current one is in
/// the contract that this index created as its `list`-th. Bit `i` of `claims` is set while there is an open claim on
/// constituent `i`, bit `i` of `vesting` while a surplus of it vests.
type State is uint256;

using StateLib for State global;

/// @title What every mint and redemption reads, in one slot
/// @notice Making and reading a {State}.
library StateLib {
    uint256 private constant _LIST_SHIFT = 96;
    uint256 private constant _CLAIMS_SHIFT = 128;
    uint256 private constant _VESTING_SHIFT = 160;
    uint256 private constant _SUPPLY_CAP_SHIFT = 192;
    uint256 private constant _MINT_FEE_SHIFT = 232;
    uint256 private constant _PAUSED_SHIFT = 240;
    uint256 private constant _DEPRECATED_SHIFT = 241;

    function base(State self) internal pure returns (uint256) {
        return uint96(State.unwrap(self));
    }

    function list(State self) internal pure returns (uint256) {
        return uint32(State.unwrap(self) >> _LIST_SHIFT);
    }

    function hasClaims(State self, uint256 i) internal pure returns (bool) {
        return (State.unwrap(self) >> _CLAIMS_SHIFT >> i) & 1 != 0;
    }

    function vests(State self) internal pure returns (bool) {
        return uint32(State.unwrap(self) >> _VESTING_SHIFT) != 0;
    }

    function vests(State self, uint256 i) internal pure returns (bool) {
        return (State.unwrap(self) >> _VESTING_SHIFT >> i) & 1 != 0;
    }

    function supplyCap(State self) internal pure returns (uint256) {
        return uint40(State.unwrap(self) >> _SUPPLY_CAP_SHIFT);
    }

    function mintFee(State self) internal pure returns (uint256) {
        return uint8(State.unwrap(self) >> _MINT_FEE_SHIFT);
    }

    function paused(State self) internal pure returns (bool) {
        return (State.unwrap(self) >> _PAUSED_SHIFT) & 1 != 0;
    }

    function deprecated(State self) internal pure returns (bool) {
        return (State.unwrap(self) >> _DEPRECATED_SHIFT) & 1 != 0;
    }

    // The callers keep every value within its bits.

    function withBase(State self, uint256 base_) internal pure returns (State) {
        return _with(self, 0, 96, base_);
    }

    function withList(State self, uint256 list_) internal pure returns (State) {
        return _with(self, _LIST_SHIFT, 32, list_);
    }

    function withClaims(State self, uint256 i, bool claimed) internal pure returns (State) {
        return _with(self, _CLAIMS_SHIFT + i, 1, claimed ? 1 : 0);
    }

    function withVesting(State self, uint256 i, bool vesting) internal pure returns (State) {
        return _with(self, _VESTING_SHIFT + i, 1, vesting ? 1 : 0);
    }

    function withSupplyCap(State self, uint256 cap) internal pure returns (State) {
        return _with(self, _SUPPLY_CAP_SHIFT, 40, cap);
    }

    function withMintFee(State self, uint256 mintFee_) internal pure returns (State) {
        return _with(self, _MINT_FEE_SHIFT, 8, mintFee_);
    }

    function withPaused(State self, bool paused_) internal pure returns (State) {
        return _with(self, _PAUSED_SHIFT, 1, paused_ ? 1 : 0);
    }

    function withDeprecated(State self) internal pure returns (State) {
        return _with(self, _DEPRECATED_SHIFT, 1, 1);
    }

    function _with(State self, uint256 shift, uint256 bits, uint256 value) private pure returns (State) {
        uint256 mask = ((1 << bits) - 1) << shift;
        return State.wrap((State.unwrap(self) & ~mask) | (value << shift));
    }
}
