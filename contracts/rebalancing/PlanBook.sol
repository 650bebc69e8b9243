// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SSTORE2} from "solady/src/utils/SSTORE2.sol";

import {IMethodology} from "../../interfaces/IMethodology.sol";

/// @dev How an index is to be weighed, kept as code: one read, whatever its length. The decimals of the tokens are a byte each, the first is the lowest.
struct PlanBook {
    IMethodology methodology;
    address[] tokens;
    uint256 decimals;
    bytes parameters;
}

/// @title Writing and reading a {PlanBook}
library PlanBookLib {
    function write(PlanBook memory book) internal returns (address) {
        return SSTORE2.write(abi.encode(book));
    }

    /// @dev Empty for no address.
    function read(address at) internal view returns (PlanBook memory book) {
        if (at != address(0)) book = abi.decode(SSTORE2.read(at), (PlanBook));
    }
}
