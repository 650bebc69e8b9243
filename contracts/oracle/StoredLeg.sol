// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPriceOracle} from "../../interfaces/IPriceOracle.sol";
import {BoundLib} from "./BoundLib.sol";

/// @dev A leg of a route in one slot, because every price reads it cold:
/// `second:1 | legs:2 | decimals:5 | share:5 | unit:5 | rate:1 | max:20 | min:20 | maxMove:14 | heartbeat:20 |
/// source:160` = 253 bits, high to low. `unit`: decimals of the source's answer. `share`: decimals of a vault's share.
/// `decimals` of the token and the count of `legs` are in every leg and read from the first. `second` is set in the
/// first leg alone, where the token has a second route.
type StoredLeg is uint256;

using StoredLegLib for StoredLeg global;

/// @title Reading and making a {StoredLeg}
/// @notice The caller of `make` keeps every part within its bits. Bounds are those of {BoundLib}.
library StoredLegLib {
    uint256 private constant _HEARTBEAT_SHIFT = 160;
    uint256 private constant _MAX_MOVE_SHIFT = 180;
    uint256 private constant _MIN_SHIFT = 194;
    uint256 private constant _MAX_SHIFT = 214;
    uint256 private constant _RATE_SHIFT = 234;
    uint256 private constant _UNIT_SHIFT = 235;
    uint256 private constant _SHARE_SHIFT = 240;
    uint256 private constant _DECIMALS_SHIFT = 245;
    uint256 private constant _LEGS_SHIFT = 250;
    uint256 private constant _SECOND_SHIFT = 252;

    function make(IPriceOracle.Leg memory leg, uint256 unit_, uint256 share_, uint256 decimals_, uint256 legs_)
        internal
        pure
        returns (StoredLeg)
    {
        uint256 bounds = BoundLib.pack(leg.min) << _MIN_SHIFT | BoundLib.pack(leg.max) << _MAX_SHIFT;
        uint256 rest = uint256(leg.kind) << _RATE_SHIFT | unit_ << _UNIT_SHIFT | share_ << _SHARE_SHIFT | decimals_
            << _DECIMALS_SHIFT | legs_ << _LEGS_SHIFT;
        return StoredLeg.wrap(
            uint256(uint160(leg.source)) | uint256(leg.heartbeat) << _HEARTBEAT_SHIFT | uint256(leg.maxMove)
                << _MAX_MOVE_SHIFT | bounds | rest
        );
    }

    function source(StoredLeg self) internal pure returns (address) {
        return address(uint160(StoredLeg.unwrap(self)));
    }

    /// @dev seconds
    function heartbeat(StoredLeg self) internal pure returns (uint256) {
        return _field(self, _HEARTBEAT_SHIFT, 20);
    }

    /// @dev bp
    function maxMove(StoredLeg self) internal pure returns (uint256) {
        return _field(self, _MAX_MOVE_SHIFT, 14);
    }

    /// @dev D18
    function min(StoredLeg self) internal pure returns (uint256) {
        return BoundLib.value(_field(self, _MIN_SHIFT, 20));
    }

    /// @dev D18
    function max(StoredLeg self) internal pure returns (uint256) {
        return BoundLib.value(_field(self, _MAX_SHIFT, 20));
    }

    function isRate(StoredLeg self) internal pure returns (bool) {
        return _field(self, _RATE_SHIFT, 1) != 0;
    }

    function unit(StoredLeg self) internal pure returns (uint256) {
        return _field(self, _UNIT_SHIFT, 5);
    }

    function share(StoredLeg self) internal pure returns (uint256) {
        return _field(self, _SHARE_SHIFT, 5);
    }

    function decimals(StoredLeg self) internal pure returns (uint256) {
        return _field(self, _DECIMALS_SHIFT, 5);
    }

    function legs(StoredLeg self) internal pure returns (uint256) {
        return _field(self, _LEGS_SHIFT, 2);
    }

    function hasSecond(StoredLeg self) internal pure returns (bool) {
        return StoredLeg.unwrap(self) >> _SECOND_SHIFT != 0;
    }

    function withSecond(StoredLeg self, bool there) internal pure returns (StoredLeg) {
        uint256 without = StoredLeg.unwrap(self) & ~(1 << _SECOND_SHIFT);
        return StoredLeg.wrap(there ? without | (1 << _SECOND_SHIFT) : without);
    }

    function _field(StoredLeg self, uint256 shift, uint256 bits) private pure returns (uint256) {
        unchecked {
            return StoredLeg.unwrap(self) >> shift & (1 << bits) - 1;
        }
    }
}
