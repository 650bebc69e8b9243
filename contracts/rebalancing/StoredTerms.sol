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
    uint256 private constant _DISCOUNT_END_SHIFT = 10;
    uint256 private constant _DURATION_SHIFT = 19;
    uint256 private constant _BUDGET_SHIFT = 39;
    uint256 private constant _DUST_SHIFT = 46;
    uint256 private constant _TURNOVER_SHIFT = 55;
    uint256 private constant _DAILY_SHIFT = 68;
    uint256 private constant _BAND_SHIFT = 81;

    /// @dev Every bound fits in the bits of its field.
    function valid(IRebalancer.RebalanceTerms memory t) internal pure returns (bool) {
        return t.premiumStart <= 1000 && t.discountEnd <= 500 && t.duration >= 1 hours && t.duration <= 7 days
            && t.budget >= 1 && t.budget <= 100 && t.dust >= 1 && t.dust <= 500 && t.turnover >= 1
            && t.turnover <= 5000 && t.daily >= 1 && t.daily <= 5000 && t.band >= 1 && t.band <= 2500;
    }

    function pack(IRebalancer.RebalanceTerms memory t) internal pure returns (StoredTerms) {
        uint256 bits = t.premiumStart;
        bits |= uint256(t.discountEnd) << _DISCOUNT_END_SHIFT;
        bits |= uint256(t.duration) << _DURATION_SHIFT;
        bits |= uint256(t.budget) << _BUDGET_SHIFT;
        bits |= uint256(t.dust) << _DUST_SHIFT;
        bits |= uint256(t.turnover) << _TURNOVER_SHIFT;
        bits |= uint256(t.daily) << _DAILY_SHIFT;
        bits |= uint256(t.band) << _BAND_SHIFT;
        return StoredTerms.wrap(uint96(bits));
    }

    /// @dev All zeros where no terms were set.
    function unpack(StoredTerms self) internal pure returns (IRebalancer.RebalanceTerms memory t) {
        uint256 bits = StoredTerms.unwrap(self);
        t.premiumStart = uint16(bits & 0x3ff);
        t.discountEnd = uint16(bits >> _DISCOUNT_END_SHIFT & 0x1ff);
        t.duration = uint24(bits >> _DURATION_SHIFT & 0xfffff);
        t.budget = uint16(bits >> _BUDGET_SHIFT & 0x7f);
        t.dust = uint16(bits >> _DUST_SHIFT & 0x1ff);
        t.turnover = uint16(bits >> _TURNOVER_SHIFT & 0x1fff);
        t.daily = uint16(bits >> _DAILY_SHIFT & 0x1fff);
        t.band = uint16(bits >> _BAND_SHIFT);
    }
}
