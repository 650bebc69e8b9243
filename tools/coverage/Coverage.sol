// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Marks that a contract leaves on its way
/// @notice Only in a copy of the repository that measures coverage. Anvil prints the numbers on its standard output,
/// for calls and for what reverts as well.
library Coverage {
    /// @dev Statement `id` is about to run.
    function at(uint256 id) internal pure {
        _pure(_print)(id);
    }

    /// @dev `condition`; marks `id` where it is true, and the id after that where it is false.
    function either(uint256 id, bool condition) internal pure returns (bool) {
        _pure(_print)(condition ? id : id + 1);
        return condition;
    }

    /// @dev Each bit that is set in `bits` marks an id, the lowest one `id`. For what assembly has passed.
    function all(uint256 id, uint256 bits) internal pure {
        for (; bits != 0; bits >>= 1) {
            if (bits & 1 == 1) at(id);
            ++id;
        }
    }

    /// @dev A call of the address whose calls anvil prints, `log(uint256)`. In the two words of memory that Solidity
    /// leaves free between statements.
    function _print(uint256 id) private view {
        assembly ("memory-safe") {
            mstore(0, 0xf82c50f1)
            mstore(0x20, id)
            pop(staticcall(gas(), 0x636F6e736F6c652e6c6f67, 0x1c, 0x24, 0, 0))
        }
    }

    /// @dev The compiler would not let a pure function call a view one. So it is told that this one is pure.
    function _pure(function(uint256) internal view f) private pure returns (function(uint256) internal pure g) {
        assembly ("memory-safe") {
            g := f
        }
    }
}
