import type { FileSystem } from "../host/file_system.ts";
import type { Host } from "../host/host.ts";
import { BRIDGE } from "./cni/config.ts";
import { entryRules } from "./masquerade.ts";
import { PROTOCOL } from "./routes.ts";

/** Takes away every rule, route and device that `NodeNetwork` makes, and its files. Pods must be gone. Fine if there are none. */
export async function removeNetwork(
  { host, files }: { readonly host: Host; readonly files: FileSystem },
  dataDir: string,
): Promise<void> {
  for (const program of ["iptables", "ip6tables"]) {
    if (!await host.has(program)) continue;
    for (const { table, rule } of entryRules) {
      await host.run(program, ["-w", "-t", table, "-D", ...rule]);
      const chain = rule.at(-1)!;
      await host.run(program, ["-w", "-t", table, "-F", chain]);
      await host.run(program, ["-w", "-t", table, "-X", chain]);
    }
  }
  for (const family of ["-4", "-6"]) {
    await host.run("ip", [family, "route", "flush", "proto", String(PROTOCOL)]);
  }
  await host.run("ip", ["link", "delete", BRIDGE]);
  await files.remove(dataDir);
}
