// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SSTORE2} from "solady/src/utils/SSTORE2.sol";

import {IMethodology} from "../../interfaces/IMethodology.sol";

/// @dev How an index is to be weighed. Kept as code, so that a plan of any length costs one read. `decimals` has one
/// byte for each token, the first token in the lowest byte.
struct Weighing {
    IMethodology methodology;
    address[] tokens;
    uint256 decimals;
    bytes parameters;
}

/// @title Writing and reading a {Weighing}
/// @notice A plan is written once, as the code of a contract of its own.
library WeighingLib {
    function write(Weighing memory weighing) internal returns (address) {
        return SSTORE2.write(abi.encode(weighing));
    }

    /// @dev Empty where `at` is zero.
    function read(address at) internal view returns (Weighing memory weighing) {
        if (at != address(0)) weighing = abi.decode(SSTORE2.read(at), (Weighing));
    }
}
