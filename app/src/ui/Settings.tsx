import { useState } from "react";

import { chooseIndexer, chooseRpc, indexerUrl, rpcUrl } from "../chain/config";
import { useConfig } from "../chain/context";
import { Button, Dialog, Field } from "./kit";

/** The look, and the endpoint that the pages ask. */
export function Settings() {
  const config = useConfig();
  const [url, setUrl] = useState(rpcUrl(config));
  const [why, setWhy] = useState("");
  const [indexer, setIndexer] = useState(indexerUrl(config) ?? "none");
  const [whyIndexer, setWhyIndexer] = useState("");
  const [dark, setDark] = useState(document.documentElement.classList.contains("dark"));

  const flip = () => {
    const next = !dark;
    document.documentElement.classList.toggle("dark", next);
    localStorage.setItem("ssi.theme", next ? "dark" : "light");
    setDark(next);
  };
  const save = (address: string) => {
    try {
      chooseRpc(address);
      location.reload();
    } catch {
      setWhy("Write a web address that begins with https://");
    }
  };

  const saveIndexer = (address: string) => {
    try {
      chooseIndexer(address);
      location.reload();
    } catch {
      setWhyIndexer("Write a web address that begins with https://, or none");
    }
  };

  return (
    <Dialog
      title="Settings"
      trigger={
        <Button kind="quiet" className="px-3" aria-label="Settings">
          ⚙
        </Button>
      }
    >
      <div className="space-y-4">
        <Button kind="plain" onClick={flip}>
          {dark ? "Light" : "Dark"} colours
        </Button>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            save(url);
          }}
        >
          <Field
            label="RPC address"
            inputMode="text"
            placeholder={config.rpcUrl}
            value={url}
            onChange={setUrl}
            error={why}
            hint="These pages send requests to this endpoint, and to the indexer where there is one."
          />
          <div className="mt-2 flex gap-2">
            <Button type="submit">Use it</Button>
            <Button kind="quiet" onClick={() => save("")}>
              Back to the default
            </Button>
          </div>
        </form>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            saveIndexer(indexer);
          }}
        >
          <Field
            label="Indexer address"
            inputMode="text"
            placeholder={config.indexerUrl ?? "none"}
            value={indexer}
            onChange={setIndexer}
            error={whyIndexer}
            hint="Asked for what was: charts, leaderboard, pots, decisions. Write none to read the chain instead."
          />
          <div className="mt-2 flex gap-2">
            <Button type="submit">Use this indexer</Button>
            <Button kind="quiet" onClick={() => saveIndexer("")}>
              Back to the indexer of this site
            </Button>
          </div>
        </form>
      </div>
    </Dialog>
  );
}
