// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRebalancer} from "../../interfaces/IRebalancer.sol";

/// @dev {IRebalancer.RebalanceTerms} beside an address in one slot, so that a start reads one slot for its plan:
/// `band:12 | daily:13 | turnover:13 | dust:9 | budget:7 | duration:20 | discountEnd:9 | premiumStart:10` = 93 bits,
/// high to low.
type StoredTerms is uint96;

using StoredTermsLib for StoredTerms global;

/// @title Checking, packing and unpacking the terms of rebalances
/// @notice {IRebalancer.RebalanceTerms} says what each of them means.
library StoredTermsLib {
    /// @dev Every bound fits in the bits of its field.
    function valid(IRebalancer.RebalanceTerms memory t) internal pure returns (bool) {
        return t.premiumStart <= 1000 && t.discountEnd <= 500 && t.duration >= 1 hours && t.duration <= 7 days
            && t.budget >= 1 && t.budget <= 100 && t.dust >= 1 && t.dust <= 500 && t.turnover >= 1
            && t.turnover <= 5000 && t.daily >= 1 && t.daily <= 5000 && t.band >= 1 && t.band <= 2500;
    }

    function pack(IRebalancer.RebalanceTerms memory t) internal pure returns (StoredTerms) {
        uint256 price =
            t.premiumStart | uint256(t.discountEnd) << 10 | uint256(t.duration) << 19 | uint256(t.band) << 81;
        uint256 size =
            uint256(t.budget) << 39 | uint256(t.dust) << 46 | uint256(t.turnover) << 55 | uint256(t.daily) << 68;
        return StoredTerms.wrap(uint96(price | size));
    }

    /// @dev All zeros where no terms were set.
    function unpack(StoredTerms self) internal pure returns (IRebalancer.RebalanceTerms memory t) {
        uint256 bits = StoredTerms.unwrap(self);
        (t.premiumStart, t.discountEnd, t.duration) =
        (uint16(bits & 0x3ff), uint16(bits >> 10 & 0x1ff), uint24(bits >> 19 & 0xfffff));
        (t.budget, t.dust) = (uint16(bits >> 39 & 0x7f), uint16(bits >> 46 & 0x1ff));
        (t.turnover, t.daily, t.band) = (uint16(bits >> 55 & 0x1fff), uint16(bits >> 68 & 0x1fff), uint16(bits >> 81));
    }
}
