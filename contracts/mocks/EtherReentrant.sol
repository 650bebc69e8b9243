// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title A receiver of ether that calls the sender back, with calldata that a test sets
contract EtherReentrant {
    bytes public payload;

    receive() external payable {
        Address.functionCall(msg.sender, payload);
    }

    function setPayload(bytes calldata payload_) external {
        payload = payload_;
    }
}
