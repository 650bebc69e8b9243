// SPDX-License-Identifier: MIT
pragma solidity ^0.8.17;

import {IIndexToken} from "ssi-protocol/interfaces/IIndexToken.sol";
import {IStakedToken} from "ssi-protocol/interfaces/IStakedToken.sol";
import {IWETH} from "ssi-protocol/interfaces/external/IWETH.sol";

/// A contract of another project that holds an index and asks for its stake back.
contract Holder {
    function worth(IIndexToken index, uint256 shares) external view returns (uint256[] memory) {
        return index.previewRedeem(shares);
    }

    function leave(IStakedToken staked, uint256 shares) external {
        staked.requestRedeem(shares, address(this), address(this));
    }

    function wrap(IWETH weth) external payable {
        weth.deposit{value: msg.value}();
    }
}
