import { createContext, useContext } from "react";

import type { Config } from "./config";

export const ConfigContext = createContext<Config | null>(null);

/** The deployment that this site shows. */
export function useConfig(): Config {
  const config = useContext(ConfigContext);
  if (!config) throw new Error("useConfig outside of its provider");
  return config;
}
