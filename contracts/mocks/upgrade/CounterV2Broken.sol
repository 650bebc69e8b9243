// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GovernedUUPS} from "../../governance/GovernedUUPS.sol";

/// @title A successor that would read one value as another: the upgrade check must refuse it
contract CounterV2Broken is GovernedUUPS {
    /// @custom:storage-location erc7201:ssi.storage.Counter
    struct Counter {
        address last;
        uint96 count;
        mapping(address account => uint256) counts;
    }

    // keccak256(abi.encode(uint256(keccak256("ssi.storage.Counter")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant _SLOT = 0x0f061c47e84943e0e1bb5315c2d744169b2b1d640313d34720105e22bf484c00;

    function initialize(address authority) external initializer {
        __GovernedUUPS_init(authority);
    }

    function increase() external {
        Counter storage $ = _counter();
        ++$.count;
        ++$.counts[msg.sender];
        $.last = msg.sender;
    }

    function count() external view returns (uint256) {
        return _counter().count;
    }

    function countOf(address account) external view returns (uint256) {
        return _counter().counts[account];
    }

    function last() external view returns (address) {
        return _counter().last;
    }

    function _counter() private pure returns (Counter storage $) {
        assembly {
            $.slot := _SLOT
        }
    }
}
