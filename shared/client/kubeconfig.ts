import { parse, stringify } from "yaml";
import type { HttpsTransportConfig } from "./https_transport.ts";

/** A kubeconfig file (`clientcmd.k8s.io/v1`), as far as clients of ours use it. */
export interface Kubeconfig {
  "current-context"?: string;
  clusters?: readonly { name: string; cluster: KubeconfigCluster }[];
  users?: readonly { name: string; user: KubeconfigUser }[];
  contexts?: readonly { name: string; context: KubeconfigContext }[];
}
export interface KubeconfigCluster {
  server: string;
  "certificate-authority"?: string;
  "certificate-authority-data"?: string;
  "tls-server-name"?: string;
}
export interface KubeconfigUser {
  "client-certificate"?: string;
  "client-certificate-data"?: string;
  "client-key"?: string;
  "client-key-data"?: string;
  token?: string;
  tokenFile?: string;
}
export interface KubeconfigContext {
  cluster: string;
  user: string;
  namespace?: string;
}

export interface KubeconfigOptions {
  /** Default: the file's current context. */
  readonly context?: string;
  /** Reads a file that the kubeconfig names; read again before requests, so that rotated files take effect. */
  readonly readFile: (path: string) => string;
}

/** What a transport needs from the text of a kubeconfig. Throws TypeError if the file does not say it. */
export function parseKubeconfig(text: string, options: KubeconfigOptions): HttpsTransportConfig {
  const file = parse(text) as Kubeconfig | null;
  const contextName = options.context ?? file?.["current-context"];
  const context = named(file?.contexts, contextName, "context").context;
  const { cluster } = named(file?.clusters, context.cluster, "cluster");
  const { user } = named(file?.users, context.user, "user");
  const { readFile } = options;
  const caPem = textOf(cluster["certificate-authority-data"], cluster["certificate-authority"]);
  const certPem = textOf(user["client-certificate-data"], user["client-certificate"]);
  const keyPem = textOf(user["client-key-data"], user["client-key"]);
  const { token, tokenFile } = user;
  const serverName = cluster["tls-server-name"];
  return {
    server: cluster.server,
    ...(caPem && { caPem: caPem(readFile) }),
    ...(certPem && keyPem &&
      { certificate: () => ({ certPem: certPem(readFile), keyPem: keyPem(readFile) }) }),
    ...((token || tokenFile) && { token: () => tokenFile ? readFile(tokenFile) : token! }),
    ...(serverName && { serverName }),
  };
}

export interface KubeconfigContent {
  readonly server: string;
  readonly caPem: string;
  /** Name of the cluster, the user and the context. */
  readonly name: string;
  readonly certPem?: string;
  readonly keyPem?: string;
  readonly token?: string;
}

/** The text of a kubeconfig with one context, everything inside it. It holds a secret: write it with mode 0600. */
export function formatKubeconfig(content: KubeconfigContent): string {
  const { server, caPem, name, certPem, keyPem, token } = content;
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server, "certificate-authority-data": encode(caPem) } }],
    users: [{
      name,
      user: {
        ...(certPem && { "client-certificate-data": encode(certPem) }),
        ...(keyPem && { "client-key-data": encode(keyPem) }),
        ...(token && { token }),
      },
    }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  }, { lineWidth: 0 });
}

function named<T extends { name: string }>(
  list: readonly T[] | undefined,
  name: string | undefined,
  what: string,
): T {
  const found = list?.find((entry) => entry.name === name);
  if (found) return found;
  throw new TypeError(`Cannot use kubeconfig: it has no ${what} "${name ?? ""}"`);
}

/** Data within the file wins over a file's name, as in kubectl. */
function textOf(
  data: string | undefined,
  path: string | undefined,
): ((readFile: (path: string) => string) => string) | undefined {
  if (data) {
    const text = decode(data);
    return () => text;
  }
  return path ? (readFile) => readFile(path) : undefined;
}

function decode(base64: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
}

function encode(text: string): string {
  return btoa(
    Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""),
  );
}
