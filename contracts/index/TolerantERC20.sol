// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Calls on tokens that must not be able to stop their caller
/// @notice Each call has its own gas limit and copies at most one word of the answer, so a hostile token can neither
/// burn the caller's gas nor fill its memory.
/// @dev `contracts/mocks/TolerantERC20Reference.sol` has the same in plain Solidity, and a test compares the two.
library TolerantERC20 {
    /// @dev Mainnet's most expensive plain transfers, those of interest-bearing tokens, take about 100,000 gas. 32
    /// constituents that burn all that they get, and their claims, must still fit into one transaction.
    uint256 internal constant TRANSFER_GAS = 200_000;

    uint256 internal constant BALANCE_GAS = 50_000;

    /// @dev Never reverts. `success` if the token has code, did not revert, and returned no value or true. A call that
    /// `reverted` has moved nothing.
    function tryTransfer(address token, address to, uint256 amount) internal returns (bool success, bool reverted) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            // transfer(address,uint256)
            mstore(0x00, 0xa9059cbb00000000000000000000000000000000000000000000000000000000)
            mstore(0x04, shr(96, shl(96, to)))
            mstore(0x24, amount)
            success := call(TRANSFER_GAS, token, 0, 0x00, 0x44, 0x00, 0x20)
            reverted := iszero(success)
            switch returndatasize()
            case 0 { success := and(success, gt(extcodesize(token), 0)) }
            default { success := and(success, and(gt(returndatasize(), 0x1f), eq(mload(0x00), 1))) }
            mstore(0x40, free)
        }
    }

    /// @dev Never reverts. `success` is false if the token reverted or returned less than a word.
    function tryBalanceOf(address token, address account) internal view returns (bool success, uint256 held) {
        assembly ("memory-safe") {
            mstore(0x00, 0x70a0823100000000000000000000000000000000000000000000000000000000) // balanceOf(address)
            mstore(0x04, shr(96, shl(96, account)))
            success := staticcall(BALANCE_GAS, token, 0x00, 0x24, 0x00, 0x20)
            success := and(success, gt(returndatasize(), 0x1f))
            held := mul(mload(0x00), success)
        }
    }
}
