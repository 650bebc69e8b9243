// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev What the prover understands at the address of its cheat codes.
interface IProver {
    function assume(bool condition) external pure;
    function warp(uint256 timestamp) external;
    function etch(address target, bytes calldata code) external;
}

/// @title What all proofs share
/// @notice Every function `check_...` is a property. The prover calls it with all arguments at once. It holds where no
/// assertion fails and no arithmetic panics, for any argument that the assumptions let in.
abstract contract Prover {
    IProver internal constant PROVER = IProver(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    uint256 internal constant WAD = 1e18;
    uint256 internal constant RAY = 1e27;

    /// @dev Leaves out arguments for which `condition` is false.
    function assume(bool condition) internal pure {
        PROVER.assume(condition);
    }

    /// @dev `x` has at most this many bits.
    function fits(uint256 x, uint256 bits) internal pure {
        PROVER.assume(x < 2 ** bits);
    }

    /// @dev The `bits` bits of `word` from bit `low` on: what a comment about a layout says.
    function field(uint256 word, uint256 low, uint256 bits) internal pure returns (uint256) {
        unchecked {
            return word << (256 - low - bits) >> (256 - bits);
        }
    }

    /// @dev `word` with another value in these bits, and nothing else changed.
    function put(uint256 word, uint256 low, uint256 bits, uint256 value) internal pure returns (uint256) {
        unchecked {
            return word - (field(word, low, bits) << low) + (value << low);
        }
    }

    /// @dev Whether `q` is `x / y`, rounded down.
    function isDown(uint256 q, uint256 x, uint256 y) internal pure returns (bool) {
        return q * y <= x && x - q * y < y;
    }

    /// @dev Whether `q` is `x / y`, rounded up.
    function isUp(uint256 q, uint256 x, uint256 y) internal pure returns (bool) {
        return q * y >= x && q * y - x < y;
    }
}
