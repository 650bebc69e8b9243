// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IIndexRouter} from "../../interfaces/IIndexRouter.sol";

/// @dev One slot a token: the next token towards the root, and the fee of the Uniswap v3 pool to it.
struct Hop {
    address next;
    uint24 fee;
}

/// @dev A token in a trade. `parent` is the index of the token that it is swapped against, `pool` the pool between both.
/// `amount` is what must be bought of the token, or what there is to sell.
struct Node {
    address token;
    address pool;
    uint256 parent;
    uint256 depth;
    uint256 amount;
}

/// @title Paths between tokens
/// @dev Hops make a tree rooted at WETH. For a trade the tree is hung up at the caller's token instead: hops on its way to the root turn round.
library HopTree {
    /// @dev Hops from the root. Bounds every walk.
    uint256 internal constant MAX_DEPTH = 6;

    /// @dev Tokens of a trade besides the constituents: the caller's, and what lies between.
    uint256 private constant _INTERMEDIATES = 16;

    /// @dev keccak256 of the creation code of a Uniswap v3 pool, part of every pool's address (Uniswap v3 periphery, PoolAddress).
    bytes32 private constant _POOL_INIT_CODE_HASH = 0xe34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54;

    /// @notice The nodes that a trade between `asset` and `tokens` needs, deepest first, `asset` itself last.
    /// @dev Reverts: IndexRouter_NoPath.
    /// @param amounts {tok} of `tokens`, put into their nodes
    function plan(
        mapping(address token => Hop) storage hops,
        address v3Factory,
        address root,
        address asset,
        address[] memory tokens,
        uint256[] memory amounts
    ) internal view returns (Node[] memory) {
        Node[] memory nodes = new Node[](tokens.length + _INTERMEDIATES);
        uint256 count = 1;
        nodes[0].token = asset;

        // The way from the asset to the root, turned round: each token is reached from the one before.
        for (address token = asset; token != root; ++count) {
            Hop memory hop = hops[token];
            if (hop.fee == 0 || count > MAX_DEPTH) revert IIndexRouter.IndexRouter_NoPath(asset);
            _put(nodes, count, hop.next, poolOf(v3Factory, token, hop.next, hop.fee), count - 1);
            token = hop.next;
        }

        for (uint256 i = 0; i < tokens.length; ++i) {
            uint256 n;
            (n, count) = _reach(hops, v3Factory, nodes, count, tokens[i]);
            nodes[n].amount += amounts[i];
        }
        return _deepestFirst(nodes, count);
    }

    /// @notice Address of a pool, whether or not there is one.
    function poolOf(address v3Factory, address a, address b, uint24 fee) internal pure returns (address) {
        (address token0, address token1) = a < b ? (a, b) : (b, a);
        bytes32 salt = keccak256(abi.encode(token0, token1, fee));
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"ff", v3Factory, salt, _POOL_INIT_CODE_HASH)))));
    }

    /// @dev Adds `token` and what lies between it and the nodes already there. Every path ends at the root, which is there.
    function _reach(mapping(address token => Hop) storage hops, address v3Factory, Node[] memory nodes, uint256 count, address token)
        private
        view
        returns (uint256 n, uint256)
    {
        n = _find(nodes, count, token);
        if (n != count) return (n, count);

        // Room for the token first, so that its path can point to what is found later.
        uint256 first = count;
        for (uint256 steps = 0;; ++steps) {
            Hop memory hop = hops[token];
            if (hop.fee == 0 || steps > MAX_DEPTH || count == nodes.length) revert IIndexRouter.IndexRouter_NoPath(token);
            uint256 parent = _find(nodes, count, hop.next);
            _put(nodes, count, token, poolOf(v3Factory, token, hop.next, hop.fee), parent == count ? count + 1 : parent);
            ++count;
            if (parent != count - 1) break;
            token = hop.next;
        }
        for (uint256 i = count; i > first; --i) {
            nodes[i - 1].depth = nodes[nodes[i - 1].parent].depth + 1;
        }
        return (first, count);
    }

    function _put(Node[] memory nodes, uint256 n, address token, address pool, uint256 parent) private pure {
        Node memory node = nodes[n];
        (node.token, node.pool, node.parent, node.depth) = (token, pool, parent, nodes[parent].depth + 1);
    }

    function _find(Node[] memory nodes, uint256 count, address token) private pure returns (uint256 n) {
        while (n < count && nodes[n].token != token) ++n;
    }

    /// @dev A stable counting sort by depth, parents renumbered.
    function _deepestFirst(Node[] memory nodes, uint256 count) private pure returns (Node[] memory sorted) {
        uint256[] memory place = new uint256[](count);
        sorted = new Node[](count);
        uint256 next = 0;
        for (uint256 above = 2 * MAX_DEPTH + 3; next < count; --above) {
            for (uint256 i = 0; i < count; ++i) {
                if (nodes[i].depth + 1 != above) continue;
                place[i] = next;
                sorted[next++] = nodes[i];
            }
        }
        for (uint256 i = 0; i < count; ++i) {
            sorted[i].parent = place[sorted[i].parent];
        }
    }
}
