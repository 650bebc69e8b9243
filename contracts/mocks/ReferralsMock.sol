// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReferrals} from "../../interfaces/IReferralRegistry.sol";

/// @title Referrals that a test sets; the code of a referrer is their address
contract ReferralsMock is IReferrals {
    enum Mode {
        Honest,
        Refusing,
        Greedy
    }

    struct Referral {
        address referrer;
        uint256 boundAt;
    }

    Mode public mode;
    mapping(address account => Referral) public referrerOf;

    error ReferralsMock_Refused();

    function setMode(Mode mode_) external {
        mode = mode_;
    }

    function bind(address account, address referrer) public {
        referrerOf[account] = Referral(referrer, block.timestamp);
    }

    function referrersOf(address[] calldata accounts, uint256 before)
        external
        view
        returns (address[] memory referrers)
    {
        referrers = new address[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            Referral storage one = referrerOf[accounts[i]];
            if (one.boundAt < before) referrers[i] = one.referrer;
        }
    }

    function bindFor(address account, bytes32 code) external {
        if (mode == Mode.Refusing) revert ReferralsMock_Refused();
        while (mode == Mode.Greedy) {}

        bind(account, address(uint160(uint256(code))));
    }
}
