// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Node} from "./Node.sol";

/// @dev What a swap carries to its callback:
/// `quotes:1 | sells:1 | nodeIs0:1 | parent:8 | n:8 | pays:160` = 179 bits, high to low. Node `n` is swapped against
/// node `parent`, and `pays` is the token that the pool gets.
type SwapLeg is uint256;

using SwapLegLib for SwapLeg global;

/// @title One swap of a trade in one word
/// @notice Making and reading a {SwapLeg}.
library SwapLegLib {
    using SafeCast for uint256;

    uint256 private constant _N_SHIFT = 160;
    uint256 private constant _PARENT_SHIFT = 168;
    uint256 private constant _NODE_IS_0_SHIFT = 176;
    uint256 private constant _SELLS_SHIFT = 177;
    uint256 private constant _QUOTES_SHIFT = 178;

    function pack(uint256 n_, Node node, address parentToken, bool sells_, bool quotes_)
        internal
        pure
        returns (SwapLeg)
    {
        address token = node.token();
        uint256 leg =
            uint256(uint160(sells_ ? token : parentToken)) | (n_ << _N_SHIFT) | (node.parent() << _PARENT_SHIFT);
        if (token < parentToken) leg |= 1 << _NODE_IS_0_SHIFT;
        if (sells_) leg |= 1 << _SELLS_SHIFT;
        if (quotes_) leg |= 1 << _QUOTES_SHIFT;
        return SwapLeg.wrap(leg);
    }

    function pays(SwapLeg self) internal pure returns (address) {
        return address(uint160(SwapLeg.unwrap(self)));
    }

    function n(SwapLeg self) internal pure returns (uint256) {
        return uint8(SwapLeg.unwrap(self) >> _N_SHIFT);
    }

    function parent(SwapLeg self) internal pure returns (uint256) {
        return uint8(SwapLeg.unwrap(self) >> _PARENT_SHIFT);
    }

    function nodeIs0(SwapLeg self) internal pure returns (bool) {
        return SwapLeg.unwrap(self) & (1 << _NODE_IS_0_SHIFT) != 0;
    }

    function sells(SwapLeg self) internal pure returns (bool) {
        return SwapLeg.unwrap(self) & (1 << _SELLS_SHIFT) != 0;
    }

    function quotes(SwapLeg self) internal pure returns (bool) {
        return SwapLeg.unwrap(self) & (1 << _QUOTES_SHIFT) != 0;
    }

    /// @dev A sale sells the node, a purchase its parent.
    function zeroForOne(SwapLeg self) internal pure returns (bool) {
        return nodeIs0(self) == sells(self);
    }

    /// @dev The amount in the form that pools take: a sale is an exact input, a purchase an exact output. Reverts:
    /// SafeCastOverflowedUintToInt.
    function specified(SwapLeg self, uint256 amount) internal pure returns (int256) {
        return sells(self) ? amount.toInt256() : -amount.toInt256();
    }
}
