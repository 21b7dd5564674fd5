import type { AgentConfig } from "../../node/config.ts";
import type { Footprint } from "../footprint/footprint.ts";
import type { Layout } from "../layout.ts";

/** What `up` did to this machine, kept so that it can be undone. */
export interface Installation {
  /** Of this file's form. */
  readonly format: 1;
  /** Before anything was done. */
  readonly before: Footprint;
  /** How the node was last set up. */
  readonly node: Pick<
    AgentConfig,
    "dataDir" | "nodeName" | "ownStorage" | "ociRuntime" | "clusterDns" | "clusterCidr"
  >;
}

/** Undefined if `up` never ran with this data directory. Throws if the file is not ours. */
export async function readInstallation(layout: Layout): Promise<Installation | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(layout.installation);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  try {
    const installation = JSON.parse(text) as Installation;
    if (installation.format === 1) return installation;
  } catch { /* said below */ }
  throw new Error(`Cannot use ${layout.installation}: it is damaged or of another version`);
}

/** Keeps the first look at the machine, and how the node is set up now. */
export async function saveInstallation(
  layout: Layout,
  installation: Omit<Installation, "format">,
): Promise<void> {
  const text = JSON.stringify({ format: 1, ...installation } satisfies Installation, null, 2);
  await Deno.writeTextFile(`${layout.installation}.new`, text, { mode: 0o600 });
  await Deno.rename(`${layout.installation}.new`, layout.installation);
}
