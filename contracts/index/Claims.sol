// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @dev All open claims on one token. `parts` of all and of each account; `scale` D27{tok/part}, 0 for the RAY that it starts with.
/// A loss that is written off lowers the scale, so it reaches every claim at once.
struct Claims {
    uint256 parts;
    uint256 scale;
    mapping(address account => uint256) partsOf;
}

using ClaimsLib for Claims global;

/// @title Claims that share a loss
/// @dev {tok} are what claims are worth when nothing more is lost. Rounds against the claimant. Nothing overflows: amounts have 135 bits at most (units 128,
/// base 97, less RAY's 90), parts times the scale are never more than the amounts that they stood for when they were made, times RAY's 90 bits, and what
/// is left allows for 2^31 redemptions of a whole index.
library ClaimsLib {
    uint256 private constant _RAY = 1e27;

    /// @dev {tok} of all.
    function total(Claims storage self) internal view returns (uint256) {
        return _amount(self, self.parts);
    }

    /// @dev {tok} of one.
    function owed(Claims storage self, address account) internal view returns (uint256) {
        return _amount(self, self.partsOf[account]);
    }

    function add(Claims storage self, address account, uint256 amount) internal {
        if (self.parts == 0) self.scale = 0;
        uint256 parts = amount * _RAY / _scale(self);
        self.parts += parts;
        self.partsOf[account] += parts;
    }

    /// @dev The caller has checked that `amount` is owed. All parts go where all is taken.
    function take(Claims storage self, address account, uint256 amount) internal {
        uint256 parts = self.partsOf[account];
        if (amount != _amount(self, parts)) parts = Math.ceilDiv(amount * _RAY, _scale(self));
        self.parts -= parts;
        self.partsOf[account] -= parts;
    }

    /// @dev Leaves `held` of `all`. Of a total loss a trace stays, so that later claims can be counted in the same parts.
    function writeOff(Claims storage self, uint256 held, uint256 all) internal {
        self.scale = Math.max(1, Math.mulDiv(_scale(self), held, all));
    }

    function _scale(Claims storage self) private view returns (uint256) {
        uint256 scale = self.scale;
        return scale == 0 ? _RAY : scale;
    }

    function _amount(Claims storage self, uint256 parts) private view returns (uint256) {
        return parts * _scale(self) / _RAY;
    }
}
