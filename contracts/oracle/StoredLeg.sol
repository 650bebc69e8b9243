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
    uint256 private constant _SECOND = 1 << 252;

    function make(IPriceOracle.Leg memory leg, uint256 unit_, uint256 share_, uint256 decimals_, uint256 legs_)
        internal
        pure
        returns (StoredLeg)
    {
        uint256 bounds = BoundLib.pack(leg.min) << 194 | BoundLib.pack(leg.max) << 214;
        uint256 rest = uint256(leg.kind) << 234 | unit_ << 235 | share_ << 240 | decimals_ << 245 | legs_ << 250;
        return StoredLeg.wrap(
            uint256(uint160(leg.source)) | uint256(leg.heartbeat) << 160 | uint256(leg.maxMove) << 180 | bounds | rest
        );
    }

    function source(StoredLeg self) internal pure returns (address) {
        return address(uint160(StoredLeg.unwrap(self)));
    }

    /// @dev seconds
    function heartbeat(StoredLeg self) internal pure returns (uint256) {
        return _field(self, 160, 20);
    }

    /// @dev bp
    function maxMove(StoredLeg self) internal pure returns (uint256) {
        return _field(self, 180, 14);
    }

    /// @dev D18
    function min(StoredLeg self) internal pure returns (uint256) {
        return BoundLib.value(_field(self, 194, 20));
    }

    /// @dev D18
    function max(StoredLeg self) internal pure returns (uint256) {
        return BoundLib.value(_field(self, 214, 20));
    }

    function isRate(StoredLeg self) internal pure returns (bool) {
        return _field(self, 234, 1) != 0;
    }

    function unit(StoredLeg self) internal pure returns (uint256) {
        return _field(self, 235, 5);
    }

    function share(StoredLeg self) internal pure returns (uint256) {
        return _field(self, 240, 5);
    }

    function decimals(StoredLeg self) internal pure returns (uint256) {
        return _field(self, 245, 5);
    }

    function legs(StoredLeg self) internal pure returns (uint256) {
        return _field(self, 250, 2);
    }

    function hasSecond(StoredLeg self) internal pure returns (bool) {
        return StoredLeg.unwrap(self) & _SECOND != 0;
    }

    function withSecond(StoredLeg self, bool there) internal pure returns (StoredLeg) {
        uint256 without = StoredLeg.unwrap(self) & ~_SECOND;
        return StoredLeg.wrap(there ? without | _SECOND : without);
    }

    function _field(StoredLeg self, uint256 shift, uint256 bits) private pure returns (uint256) {
        unchecked {
            return StoredLeg.unwrap(self) >> shift & (1 << bits) - 1;
        }
    }
}
