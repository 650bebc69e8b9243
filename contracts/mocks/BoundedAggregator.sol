// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SettableAggregator} from "./mainnet/SettableAggregator.sol";

/// @title A feed and its aggregator in one, which stops at bounds of its own as Chainlink's older ones do
contract BoundedAggregator is SettableAggregator {
    int192 public immutable minAnswer;
    int192 public immutable maxAnswer;

    constructor(string memory description_, uint8 decimals_, int256 answer, int192 min, int192 max)
        SettableAggregator(description_, decimals_, answer)
    {
        minAnswer = min;
        maxAnswer = max;
    }

    function aggregator() external view returns (address) {
        return address(this);
    }
}
