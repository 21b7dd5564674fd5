import { discoverResources, type NamedResource } from "../../shared/client/discovery.ts";
import { accepted } from "../../shared/client/rest_client.ts";
import type { Transport } from "../../shared/client/transport.ts";
import { connect } from "../cluster/api.ts";
import type { Context } from "../command.ts";
import { dataDirOf } from "../inputs.ts";
import { layoutOf } from "../layout.ts";

/** Flags of commands that read objects. */
export const objectFlags = {
  namespace: {
    flag: "--namespace",
    short: "-n",
    value: "NAME",
    help: "namespace (default: default)",
  },
  kubeconfig: {
    flag: "--kubeconfig",
    value: "FILE",
    help: "who asks, and whom (default: $KUBECONFIG, else DIR/admin.kubeconfig)",
  },
} as const;

/** Calls `use` with a way to the API and its resources. */
export async function withObjects<T>(
  flags: Readonly<Record<string, string>>,
  context: Context,
  use: (transport: Transport, resources: readonly NamedResource[]) => Promise<T>,
): Promise<T> {
  const path = flags[objectFlags.kubeconfig.flag] ?? (context.env("KUBECONFIG") ||
    layoutOf(dataDirOf(flags)).kubeconfig);
  const { transport } = connect(path);
  try {
    return await use(transport, await discoverResources(transport, { userAgent: "coracle" }));
  } finally {
    transport.close();
  }
}

/** The answer to a GET as text. Throws `StatusError`. */
export async function read(
  transport: Transport,
  path: string,
  { accept = "application/json" }: { readonly accept?: string } = {},
): Promise<string> {
  const request = { method: "GET", path, accept, userAgent: "coracle" } as const;
  return await accepted(await transport.send(request));
}
