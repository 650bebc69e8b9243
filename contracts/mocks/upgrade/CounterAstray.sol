// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GovernedUUPS} from "../../governance/GovernedUUPS.sol";

/// @title An upgradeable contract whose state is not where its annotation says
contract CounterAstray is GovernedUUPS {
    /// @custom:storage-location erc7201:ssi.storage.Elsewhere
    struct Counter {
        uint256 count;
    }

    // the slot of ssi.storage.Counter
    bytes32 private constant _SLOT = 0x0f061c47e84943e0e1bb5315c2d744169b2b1d640313d34720105e22bf484c00;

    function initialize(address authority) external initializer {
        __GovernedUUPS_init(authority);
    }

    function increase() external {
        Counter storage $;
        assembly {
            $.slot := _SLOT
        }
        ++$.count;
    }
}
