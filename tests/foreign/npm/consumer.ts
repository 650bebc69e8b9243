// A project that reads the protocol: it type-checks only where ABIs and constants are typed to the letter.
import routerJson from "ssi-protocol/abi/IndexRouter.json" with { type: "json" };
import { addresses, errorsAbi, external, indexRouterAbi, indexTokenAbi, NOTICE_SECONDS, roles } from "ssi-protocol";

type Named<Abi extends readonly { readonly type: string }[], Kind extends string> = Extract<
  Abi[number],
  { readonly type: Kind; readonly name: string }
>["name"];
type Mutability<Abi extends readonly { readonly type: string }[], Name extends string> =
  Extract<Abi[number], { readonly type: "function"; readonly name: Name }> extends {
    readonly stateMutability: infer Found;
  }
    ? Found
    : never;

const reads: Named<typeof indexTokenAbi, "function"> = "previewMint";
// @ts-expect-error the index has no such function
const misspelt: Named<typeof indexTokenAbi, "function"> = "previewMnt";
const payable: Mutability<typeof indexRouterAbi, "buy"> = "payable";
// @ts-expect-error it takes ether
const view: Mutability<typeof indexRouterAbi, "buy"> = "view";
const error: Named<typeof errorsAbi, "error"> = "IndexRouter_TooLittle";
const notice: 1382400 = NOTICE_SECONDS;
const guardian: 2 = roles.GUARDIAN;
const weth: `0x${string}` = external.weth;
const chains: Record<string, unknown> = addresses;

if (routerJson.length !== indexRouterAbi.length) throw new Error("the file and the constant differ");
export const said = { reads, misspelt, payable, view, error, notice, guardian, weth, chains: Object.keys(chains) };
