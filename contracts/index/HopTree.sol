// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IIndexRouter} from "../../interfaces/IIndexRouter.sol";
import {Node, NodeLib} from "./Node.sol";

/// @dev For each token the next token towards the root, and the fee of the Uniswap v3 pool to it:
/// `fee:24 | next:160` = 184 bits, high to low.
struct Hop {
    address next;
    uint24 fee;
}

/// @dev The tokens of a trade. Node 0 is the caller's token, and every parent stands before its children.
/// @param count how many of `nodes` there are; the lists are longer
/// @param amounts {tok} what must be bought of each, or what there is to sell
struct SwapPlan {
    uint256 count;
    Node[] nodes;
    uint256[] amounts;
}

/// @title Paths between tokens
/// @notice Hops make a tree rooted at WETH. A trade makes the caller's token the root instead: hops on its way to WETH
/// change their direction.
library HopTree {
    /// @dev The most hops from the root. Bounds every path.
    uint256 internal constant MAX_DEPTH = 6;

    uint256 private constant _NOWHERE = type(uint256).max;

    /// @dev keccak256 of the creation code of a Uniswap v3 pool, part of every pool's address (Uniswap v3 periphery,
    /// PoolAddress).
    bytes32 private constant _POOL_INIT_CODE_HASH = 0xe34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54;

    /// @notice The nodes that a trade between `asset` and `tokens` needs.
    /// @dev Reverts: IndexRouter_NoPath, of a constituent only where all are needed.
    /// @param hops the tree
    /// @param root WETH
    /// @param asset the caller's token
    /// @param tokens constituents
    /// @param amounts {tok} of `tokens`, put into their nodes
    /// @param all false to let a constituent without a path be a node without a pool
    /// @return p the nodes, parents before children
    function plan(
        mapping(address token => Hop) storage hops,
        address root,
        address asset,
        address[] memory tokens,
        uint256[] memory amounts,
        bool all
    ) internal view returns (SwapPlan memory p) {
        // Every path adds MAX_DEPTH + 1 nodes at most: 231 for 32 constituents.
        uint256 room = (tokens.length + 1) * (MAX_DEPTH + 1);
        p = SwapPlan(1, new Node[](room), new uint256[](room));
        p.nodes[0] = NodeLib.pack(asset, 0, 0);

        // The path from the asset to WETH, in the other direction: each token is reached from the one before.
        for (address token = asset; token != root;) {
            Hop memory hop = hops[token];
            if (hop.fee == 0 || p.count > MAX_DEPTH) revert IIndexRouter.IndexRouter_NoPath(asset);
            token = hop.next;
            _appendNode(p, NodeLib.pack(token, p.count - 1, hop.fee));
        }

        Node[MAX_DEPTH + 1] memory path;
        for (uint256 i = 0; i < tokens.length; ++i) {
            uint256 n = _nodeOf(hops, p, path, tokens[i]);
            if (n == _NOWHERE) {
                if (all) revert IIndexRouter.IndexRouter_NoPath(tokens[i]);
                n = _appendNode(p, NodeLib.pack(tokens[i], 0, 0));
            }
            p.amounts[n] += amounts[i];
        }
    }

    /// @notice How far the outcome of a trade may be off pro rata, when all of it is made smaller in proportion.
    /// @dev In theory, prices are convex: a part of the amounts costs that part at most, or brings it at least. In
    /// practice each amount is a whole number of token-wei, `each` of them off at most, and a token-wei is worth what
    /// the leg paid for one. Besides, every swap rounds some wei, and one more at each tick that it crosses: a
    /// millionth covers those.
    /// @param p with the {tok} that were traded of each node
    /// @param flows {tok of the parent} that each was swapped for
    /// @param each {tok}
    /// @return {tok} of the caller's token
    function slack(SwapPlan memory p, uint256[] memory flows, uint256 each) internal pure returns (uint256) {
        uint256[] memory off = new uint256[](p.count);
        for (uint256 n = p.count - 1;; --n) {
            off[n] += each;
            if (n == 0) return off[0];
            if (p.amounts[n] == 0) continue;
            off[p.nodes[n].parent()] += Math.mulDiv(flows[n], off[n], p.amounts[n], Math.Rounding.Ceil)
            + (flows[n] >> 20) + 4;
        }
    }

    /// @notice Address of a pool, whether or not there is one.
    /// @param v3Factory would make it
    /// @param a one token
    /// @param b the other
    /// @param fee hundredths of a bp
    /// @return its address
    function poolOf(address v3Factory, address a, address b, uint24 fee) internal pure returns (address) {
        (address token0, address token1) = a < b ? (a, b) : (b, a);
        return Create2.computeAddress(keccak256(abi.encode(token0, token1, fee)), _POOL_INIT_CODE_HASH, v3Factory);
    }

    /// @dev The node of `token`. Where it is not there yet, collects its path up to the first token that is, and adds
    /// it backwards, so that parents stand before children. Every path ends at the root, which is there. `path` is room
    /// to collect it in.
    function _nodeOf(
        mapping(address token => Hop) storage hops,
        SwapPlan memory p,
        Node[MAX_DEPTH + 1] memory path,
        address token
    ) private view returns (uint256 n) {
        uint256 length = 0;
        unchecked {
            for (; (n = _findNode(p.nodes, p.count, token)) == p.count; ++length) {
                Hop memory hop = hops[token];
                if (hop.fee == 0 || length > MAX_DEPTH) return _NOWHERE;
                (path[length], token) = (NodeLib.pack(token, 0, hop.fee), hop.next);
            }
            while (length != 0) n = _appendNode(p, path[--length].withParent(n));
        }
    }

    /// @dev The place of `token` among the first `count` nodes, `count` where it is not there.
    function _findNode(Node[] memory nodes, uint256 count, address token) private pure returns (uint256 n) {
        // As `while (n < count && nodes[n].token() != token) ++n`, with a pointer that moves along.
        assembly ("memory-safe") {
            let pointer := add(nodes, 32)
            for {} lt(n, count) { n := add(n, 1) } {
                if iszero(shl(96, xor(mload(pointer), token))) { break }
                pointer := add(pointer, 32)
            }
        }
    }

    /// @dev Adds a node, whose parent is there.
    function _appendNode(SwapPlan memory p, Node node) private pure returns (uint256 n) {
        unchecked {
            n = p.count++;
        }
        p.nodes[n] = node;
        if (node.fee() == 0) return n;
        uint256 parent = node.parent();
        p.nodes[parent] = p.nodes[parent].asInner();
    }
}
