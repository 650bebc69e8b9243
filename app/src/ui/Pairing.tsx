import { useQuery } from "@tanstack/react-query";

import { Button } from "./kit";

const QUIET = 4; // modules around the code, as its standard wants them

/**
 * WalletConnect's pairing code, for a phone to look at. Drawn here, so that no other host is asked and no style is
 * injected.
 */
export function Pairing({ uri }: { uri: string }) {
  const { data } = useQuery({
    queryKey: ["pairing", uri],
    staleTime: Infinity,
    queryFn: async () => {
      const { create } = await import("qrcode");
      const { modules } = create(uri, { errorCorrectionLevel: "M" });
      const dark = [...Array(modules.size * modules.size).keys()].filter((at) => modules.data[at]);
      return {
        size: modules.size,
        path: dark.map((at) => `M${at % modules.size} ${Math.floor(at / modules.size)}h1v1h-1z`).join(""),
      };
    },
  });
  return (
    <div className="mt-3 space-y-3">
      <p className="text-sm">Scan this with your wallet, or copy the link into it.</p>
      {data && (
        <svg
          role="img"
          aria-label="WalletConnect code"
          viewBox={`${-QUIET} ${-QUIET} ${data.size + 2 * QUIET} ${data.size + 2 * QUIET}`}
          className="mx-auto w-64 rounded-md bg-white"
          shapeRendering="crispEdges"
        >
          <path d={data.path} fill="#000" />
        </svg>
      )}
      <Button kind="plain" className="w-full" onClick={() => void navigator.clipboard.writeText(uri)}>
        Copy the link
      </Button>
    </div>
  );
}
