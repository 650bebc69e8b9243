import { useState } from "react";

import { chooseRpc, rpcUrl } from "../chain/config";
import { useConfig } from "../chain/context";
import { Button, Dialog, Field } from "./kit";

/** The look, and the endpoint that the pages ask. */
export function Settings() {
  const config = useConfig();
  const [url, setUrl] = useState(rpcUrl(config));
  const [why, setWhy] = useState("");
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
            hint="These pages send requests to this endpoint only."
          />
          <div className="mt-2 flex gap-2">
            <Button type="submit">Use it</Button>
            <Button kind="quiet" onClick={() => save("")}>
              Back to the default
            </Button>
          </div>
        </form>
      </div>
    </Dialog>
  );
}
