// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {IIndexMintCallback, IIndexToken} from "../../interfaces/IIndexToken.sol";

/// @title Mints with a callback: delivers each amount, `shortBy` less or `over` more, and makes one call before
contract MinterMock is IIndexMintCallback {
    using SafeERC20 for IERC20;

    uint256 public shortBy;
    uint256 public over;
    address public target;
    bytes public payload;

    /// @dev The result of the call within the callback, and the arguments of the callback.
    bool public succeeded;
    bytes public answer;
    address[] public tokens;
    uint256[] public amounts;
    bytes public data;

    function set(uint256 shortBy_, uint256 over_, address target_, bytes calldata payload_) external {
        (shortBy, over, target, payload) = (shortBy_, over_, target_, payload_);
    }

    function mint(IIndexToken index, uint256 shares, address receiver, bytes calldata data_)
        external
        returns (uint256[] memory)
    {
        return index.mintWithCallback(shares, receiver, data_);
    }

    function onIndexMint(address[] calldata tokens_, uint256[] calldata amounts_, bytes calldata data_) external {
        (tokens, amounts, data) = (tokens_, amounts_, data_);
        // solhint-disable-next-line avoid-low-level-calls
        if (target != address(0)) (succeeded, answer) = target.call(payload);
        for (uint256 i = 0; i < tokens_.length; ++i) {
            IERC20(tokens_[i]).safeTransfer(msg.sender, amounts_[i] + over - shortBy);
        }
    }
}
