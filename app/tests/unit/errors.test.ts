import { ContractFunctionExecutionError, ContractFunctionRevertedError, encodeErrorResult } from "viem";
import { describe, expect, it } from "vitest";

import { errorsAbi } from "../../src/generated/abis";
import { explain } from "../../src/write/errors";

function reverted(errorName: string, args: readonly unknown[]) {
  const data = encodeErrorResult({ abi: errorsAbi, errorName, args } as never);
  const cause = new ContractFunctionRevertedError({ abi: errorsAbi as never, data, functionName: "buy" });
  return new ContractFunctionExecutionError(cause, { abi: errorsAbi as never, functionName: "buy" });
}

describe("a refusal", () => {
  it("is told in words, with what to do", () => {
    const refusal = explain(reverted("IndexRouter_TooExpensive", [101n, 100n]));
    expect(refusal.title).toBe("Prices moved: it would cost more than you allowed.");
    expect(refusal.next).toContain("slippage");
    expect(refusal.detail).toBe("IndexRouter_TooExpensive(101, 100)");
  });
  it("keeps the name of an error without words of its own", () => {
    expect(
      explain(reverted("IndexToken_UnitsOutOfRange", ["0x0000000000000000000000000000000000000001", 5n])).title,
    ).toContain("IndexToken_UnitsOutOfRange");
  });
  it("by the person is no failure", () => {
    expect(explain(Object.assign(new Error("no"), { code: 4001 })).title).toBe(
      "You rejected the request in the wallet.",
    );
  });
  it("of the network says so", () => {
    expect(explain(new Error("HTTP request failed.")).title).toBe("The network endpoint does not answer.");
  });
});
