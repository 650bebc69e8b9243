// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

/// @title A contract that answers every call of a token or a position manager with a call to the locker
contract LockerReentrant {
    address public target;
    bytes public payload;
    bool public succeeded;
    bytes public answer;
    uint256 public calls;

    function prepare(address target_, bytes calldata payload_) external {
        (target, payload, succeeded, answer, calls) = (target_, payload_, false, "", 0);
    }

    function execute(address to, bytes calldata data) external returns (bytes memory) {
        (bool ok, bytes memory result) = to.call(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(result, 32), mload(result))
            }
        }
        return result;
    }

    /// @dev A position manager calls this.
    function onERC721Received(address, address, uint256, bytes calldata) external returns (bytes4) {
        _callBack();
        return this.onERC721Received.selector;
    }

    /// @dev A v2 pair calls this in the middle of a swap. Pays back double what it got.
    function uniswapV2Call(address, uint256, uint256, bytes calldata) external {
        _callBack();
    }

    function _callBack() private {
        ++calls;
        (succeeded, answer) = target.call(payload);
    }

    /// @dev Hands a position on, to show that a call to {onERC721Received} takes place.
    function send(IERC721 positions, address to, uint256 tokenId) external {
        positions.safeTransferFrom(address(this), to, tokenId);
    }
}
