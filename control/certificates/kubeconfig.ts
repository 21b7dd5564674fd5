import type { KeyPairPem } from "./authority.ts";

/** What a kubeconfig names its parts and where it points. */
export interface KubeconfigOptions {
  /** URL of the API, e.g. `https://10.0.0.5:6443`. */
  readonly server: string;
  /** PEM of the roots to trust. */
  readonly authority: string;
  /** Name of the user entry, e.g. `admin`. */
  readonly user: string;
  /** Name of the cluster entry. */
  readonly cluster?: string;
}

/** The text of a kubeconfig (YAML, every datum inline) whose user is the client certificate `identity`. */
export function kubeconfig(identity: KeyPairPem, options: KubeconfigOptions): string {
  const { server, authority, user, cluster = "coracle" } = options;
  const context = `${user}@${cluster}`;
  return [
    "apiVersion: v1",
    "kind: Config",
    "clusters:",
    `- name: ${JSON.stringify(cluster)}`,
    "  cluster:",
    `    server: ${JSON.stringify(server)}`,
    `    certificate-authority-data: ${btoa(authority)}`,
    "users:",
    `- name: ${JSON.stringify(user)}`,
    "  user:",
    `    client-certificate-data: ${btoa(identity.certificate)}`,
    `    client-key-data: ${btoa(identity.key)}`,
    "contexts:",
    `- name: ${JSON.stringify(context)}`,
    "  context:",
    `    cluster: ${JSON.stringify(cluster)}`,
    `    user: ${JSON.stringify(user)}`,
    `current-context: ${JSON.stringify(context)}`,
    "",
  ].join("\n");
}
