// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev A token of a trade: `inner:1 | fee:24 | parent:8 | token:160` = 193 bits, high to low. It is swapped against
/// node `parent` in their pool of that fee; zero where there is none. An inner node is the parent of another.
type Node is uint256;

using NodeLib for Node global;

/// @title One token of a trade in one word
/// @notice Making and reading a {Node}.
library NodeLib {
    uint256 private constant _PARENT_SHIFT = 160;
    uint256 private constant _FEE_SHIFT = 168;
    uint256 private constant _INNER_SHIFT = 192;

    function pack(address token_, uint256 parent_, uint24 fee_) internal pure returns (Node) {
        return Node.wrap(uint256(uint160(token_)) | (parent_ << _PARENT_SHIFT) | (uint256(fee_) << _FEE_SHIFT));
    }

    function token(Node self) internal pure returns (address) {
        return address(uint160(Node.unwrap(self)));
    }

    function parent(Node self) internal pure returns (uint256) {
        return uint8(Node.unwrap(self) >> _PARENT_SHIFT);
    }

    function fee(Node self) internal pure returns (uint24) {
        return uint24(Node.unwrap(self) >> _FEE_SHIFT);
    }

    function inner(Node self) internal pure returns (bool) {
        return Node.unwrap(self) >> _INNER_SHIFT != 0;
    }

    /// @dev Of a node whose parent was packed as 0.
    function withParent(Node self, uint256 parent_) internal pure returns (Node) {
        return Node.wrap(Node.unwrap(self) | (parent_ << _PARENT_SHIFT));
    }

    function asInner(Node self) internal pure returns (Node) {
        return Node.wrap(Node.unwrap(self) | (1 << _INNER_SHIFT));
    }
}
