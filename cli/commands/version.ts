import { apiVersionInfo, coracleVersion } from "../../control/server/version.ts";
import type { Command } from "../command.ts";

/** `coracle version`: what this is. */
export const version: Command = {
  name: "version",
  usage: "",
  summary: "print versions",
  description: "Prints the versions of Coracle, of the Kubernetes API that it serves, and of Deno.",
  flags: [],
  run(_input, { print }) {
    print(`Coracle ${coracleVersion}`);
    print(`Kubernetes API ${apiVersionInfo.gitVersion}`);
    print(`Deno ${Deno.version.deno}`);
    return Promise.resolve(0);
  },
};
