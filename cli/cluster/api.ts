import type { Client } from "../../shared/client/client.ts";
import { type HttpsTransport, httpsTransport } from "../../shared/client/https_transport.ts";
import { parseKubeconfig } from "../../shared/client/kubeconfig.ts";
import { restClient } from "../../shared/client/rest_client.ts";

/** The cluster's API, as its administrator sees it. */
export interface Api {
  readonly client: Client;
  readonly transport: HttpsTransport;
  /** `https://host:port` */
  readonly server: string;
  readonly caPem: string;
}

/** Connects with the credentials of a kubeconfig. Throws one clear sentence if there is no such file or it is no kubeconfig. */
export function connect(kubeconfigPath: string): Api {
  const config = parseKubeconfig(readKubeconfig(kubeconfigPath), {
    readFile: (path) => Deno.readTextFileSync(path),
  });
  const transport = httpsTransport(config, { idleMs: 15_000 });
  const client = restClient(transport, { userAgent: "coracle" });
  return { client, transport, server: config.server, caPem: config.caPem ?? "" };
}

/** Whether the server answers and says that it is ready. */
export async function isReady(api: Api): Promise<boolean> {
  try {
    const response = await api.transport.send({ method: "GET", path: "/readyz" });
    await response.text();
    return response.status === 200;
  } catch {
    return false;
  }
}

function readKubeconfig(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new Error(
        `Cannot find ${path}: no server has run with this data directory (coracle up, or coracle server)`,
      );
    }
    throw new Error(`Cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}
