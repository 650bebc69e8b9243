// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {TolerantERC20} from "../index/TolerantERC20.sol";

/// @title The assembly of TolerantERC20 beside the same in plain Solidity
contract TolerantERC20Reference {
    function tryTransfer(address token, address to, uint256 amount) external returns (bool success, bool reverted) {
        return TolerantERC20.tryTransfer(token, to, amount);
    }

    function tryBalanceOf(address token, address account) external view returns (bool, uint256) {
        return TolerantERC20.tryBalanceOf(token, account);
    }

    function plainTransfer(address token, address to, uint256 amount) external returns (bool success, bool reverted) {
        (bool ok, bytes memory said) =
            token.call{gas: TolerantERC20.TRANSFER_GAS}(abi.encodeCall(IERC20.transfer, (to, amount)));
        if (!ok || token.code.length == 0) return (false, !ok);
        return (said.length == 0 || (said.length >= 32 && uint256(bytes32(said)) == 1), false);
    }

    function plainBalanceOf(address token, address account) external view returns (bool, uint256) {
        (bool ok, bytes memory said) =
            token.staticcall{gas: TolerantERC20.BALANCE_GAS}(abi.encodeCall(IERC20.balanceOf, (account)));
        if (!ok || said.length < 32) return (false, 0);
        return (true, uint256(bytes32(said)));
    }
}
