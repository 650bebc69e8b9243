// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @dev A loss that was written off: `held` {tok} were left of `owed`.
struct Loss {
    uint256 held;
    uint256 owed;
}

/// @dev All open claims on one token. `parts` is their sum, every loss counted. A claim is one slot, `parts:216 |
/// losses:40`: its parts after that many losses.
struct Claims {
    uint256 parts;
    Loss[] losses;
    mapping(address account => uint256) claimOf;
}

using ClaimsLib for Claims global;

/// @title Claims that share every loss
/// @notice A loss that is written off cuts the total at once, and each claim when it is next read, by the same fraction
/// as the accounted balances.
/// @dev {tok} are what claims are worth if no more is lost. Both cuts round down. A part is 2^-64 of a token-wei, so
/// what roundings leave of the total when no claim is left is less than a token-wei and counts as 0.
///
/// Amounts have 135 bits at most (units 128, base 97, less RAY's 90) and their parts 199. The 216 bits of a claim hold
/// 2^17 redemptions of a whole index by one account. Reading a claim takes a step for each loss since it was last
/// written; each of them was a call of governance.
library ClaimsLib {
    uint256 private constant _PART_BITS = 64;
    uint256 private constant _LOSS_BITS = 40;

    /// @dev {tok} of all claims.
    function total(Claims storage self) internal view returns (uint256) {
        return self.parts >> _PART_BITS;
    }

    /// @dev {tok} of one claim.
    function owed(Claims storage self, address account) internal view returns (uint256) {
        return _partsOf(self, account) >> _PART_BITS;
    }

    function add(Claims storage self, address account, uint256 amount) internal {
        uint256 parts = amount << _PART_BITS;
        self.parts += parts;
        _storeParts(self, account, _partsOf(self, account) + parts);
    }

    /// @dev The caller has checked that `amount` is owed. Where all of it is taken, the fraction of a token-wei goes
    /// too.
    function take(Claims storage self, address account, uint256 amount) internal {
        uint256 all = _partsOf(self, account);
        uint256 parts = amount == all >> _PART_BITS ? all : amount << _PART_BITS;
        self.parts -= parts;
        _storeParts(self, account, all - parts);
    }

    /// @dev Cuts the claims as a loss cuts `all` {tok} down to `held`.
    function writeOff(Claims storage self, uint256 held, uint256 all) internal {
        if (self.parts == 0) return;

        self.losses.push(Loss(held, all));
        self.parts = Math.mulDiv(self.parts, held, all);
    }

    function _storeParts(Claims storage self, address account, uint256 parts) private {
        self.claimOf[account] = parts * 2 ** _LOSS_BITS + self.losses.length;
    }

    function _partsOf(Claims storage self, address account) private view returns (uint256 parts) {
        uint256 claim = self.claimOf[account];
        parts = claim >> _LOSS_BITS;
        if (parts == 0) return 0;

        for (uint256 i = claim % 2 ** _LOSS_BITS; i < self.losses.length; ++i) {
            parts = Math.mulDiv(parts, self.losses[i].held, self.losses[i].owed);
        }
    }
}
