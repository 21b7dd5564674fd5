/**
 * Takes a node apart, run inside its network namespace: `remove_node.ts DATA-DIR NODE-NAME`. Its agent must not run.
 *
 * @module
 */
import { agentConfig } from "../../../node/config.ts";
import { DenoFileSystem } from "../../../node/host/deno_file_system.ts";
import { DenoHost } from "../../../node/host/deno_host.ts";
import { pluginDirectories } from "../../../node/network/node_network.ts";
import { removeNode } from "../../../node/removal.ts";
import { systemClock } from "../../../shared/clock/clock.ts";
import { jsonLog } from "../../../shared/log/log.ts";

const [dataDir = "", nodeName = ""] = Deno.args;
await removeNode({
  host: new DenoHost({ pluginDirectories }),
  files: new DenoFileSystem(),
  clock: systemClock,
  log: jsonLog({ level: "warn", write: console.log, now: () => Date.now() }),
  config: agentConfig({
    "--server": "https://localhost:1",
    "--data-dir": dataDir,
    "--node-name": nodeName,
  }),
});
Deno.exit(0);
