import { Buffer } from "node:buffer";
import { createHash, X509Certificate } from "node:crypto";
import tls from "node:tls";
import type { CertificateSigningRequest } from "../../shared/api/certificates/v1/types.gen.ts";
import type { Client } from "../../shared/client/client.ts";
import { httpsTransport } from "../../shared/client/https_transport.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { restClient } from "../../shared/client/rest_client.ts";
import {
  bearerOf,
  caHashOf,
  type JoinToken,
  parseJoinToken,
} from "../../shared/join_token/join_token.ts";
import { type Clock, sleep } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import { createCertificateRequest } from "../../shared/pki/certificate_request.ts";
import { type FileSystem, readText } from "../host/file_system.ts";

/** A node that cannot join. The message says why and what would help. */
export class JoinError extends Error {
  override readonly name = "JoinError";
}

/** Who the node is: its certificate, and whom it trusts. */
export interface NodeIdentity {
  readonly caPem: string;
  readonly certPem: string;
  readonly keyPem: string;
}

export interface JoinOptions {
  readonly server: string;
  readonly token: string;
  readonly nodeName: string;
  /** Where the identity is kept. */
  readonly directory: string;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly log: Log;
}

const signerName = "kubernetes.io/kube-apiserver-client-kubelet";
const answerWaitMs = 60_000;
const pollMs = 500;
const connectMs = 10_000;

/**
 * The node's identity: what was kept, or a new one got with the token. The server is believed only if its authority has
 * the hash that the token names. Rejects with JoinError.
 */
export async function joinCluster(
  options: JoinOptions,
  signal: AbortSignal,
): Promise<NodeIdentity> {
  const token = parseJoinToken(options.token);
  const kept = await readIdentity(options);
  if (kept && token) await assertSameCluster(kept, token, options);
  if (kept) return kept;
  if (!token) {
    throw new JoinError(
      "Cannot join: the token must have the form <id>.<secret>.<hash>, as `coracle token create` prints it",
    );
  }
  const caPem = await fetchAuthority(options.server, token.caHash);
  const transport = httpsTransport({ server: options.server, caPem, token: () => bearerOf(token) });
  try {
    const client = restClient(transport, { userAgent: "coracle-agent" });
    const identity = await requestIdentity(client, caPem, options, signal);
    await keepIdentity(identity, options);
    options.log.info("Joined the cluster", { node: options.nodeName, server: options.server });
    return identity;
  } finally {
    transport.close();
  }
}

/** An authority that was renewed has another certificate and the same key. Rejects with JoinError. */
async function assertSameCluster(
  { caPem }: NodeIdentity,
  { caHash }: JoinToken,
  { server, directory }: JoinOptions,
): Promise<void> {
  if (await caHashOf(caPem) === caHash) return;
  const root = new X509Certificate(await fetchAuthority(server, caHash));
  if (new X509Certificate(caPem).publicKey.equals(root.publicKey)) return;
  throw new JoinError(
    `Cannot join ${server}: ${directory} belongs to a node of another cluster; give another data directory, or ` +
      "remove that node first (coracle uninstall)",
  );
}

/** Gets a new certificate for a node that has one. */
export async function renewIdentity(
  client: Client,
  identity: NodeIdentity,
  options: JoinOptions,
  signal: AbortSignal,
): Promise<NodeIdentity> {
  const renewed = await requestIdentity(client, identity.caPem, options, signal);
  await keepIdentity(renewed, options);
  return renewed;
}

/** When a certificate should be renewed: past two thirds of its life. Wall-clock milliseconds. */
export function renewAt(certPem: string): number {
  const { validFrom, validTo } = new X509Certificate(certPem);
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  return from + (to - from) * 2 / 3;
}

async function readIdentity(options: JoinOptions): Promise<NodeIdentity | undefined> {
  const { files, directory, clock, nodeName } = options;
  const [caPem, certPem, keyPem] = await Promise.all(
    ["ca.crt", "node.crt", "node.key"].map((name) => readText(files, `${directory}/${name}`)),
  );
  if (!caPem || !certPem || !keyPem) return undefined;
  const certificate = new X509Certificate(certPem);
  if (Date.parse(certificate.validTo) <= clock.now()) return undefined;
  if (!certificate.subject.includes(`CN=system:node:${nodeName}`)) {
    throw new JoinError(
      `Cannot start as node "${nodeName}": ${directory} belongs to another node (${
        certificate.subject.replaceAll("\n", ", ")
      })`,
    );
  }
  return { caPem, certPem, keyPem };
}

async function keepIdentity(identity: NodeIdentity, { files, directory }: JoinOptions) {
  await files.makeDirectory(directory, 0o700);
  await files.write(`${directory}/ca.crt`, identity.caPem, { mode: 0o600 });
  // The key first: a certificate without its key is of no use.
  await files.write(`${directory}/node.key`, identity.keyPem, { mode: 0o600 });
  await files.write(`${directory}/node.crt`, identity.certPem, { mode: 0o600 });
}

/** The server's root certificate, if it has the expected SHA-256. */
function fetchAuthority(server: string, hash: string): Promise<string> {
  const { hostname, port } = new URL(server);
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new JoinError(`Cannot join ${server}: ${why}`));
    const socket = tls.connect({
      host: hostname,
      port: Number(port || 443),
      // Nothing is known of the server yet but the hash that is compared below; nothing is sent before.
      rejectUnauthorized: false,
      timeout: connectMs,
    });
    socket.once("error", (error: Error) => fail(error.message));
    socket.once("timeout", () => {
      socket.destroy();
      fail("no answer");
    });
    socket.once("secureConnect", () => {
      const root = rootOf(socket);
      socket.destroy();
      if (!root || createHash("sha256").update(root).digest("hex") !== hash) {
        return fail(
          "it is not the server that the token was made for (another certificate authority)",
        );
      }
      resolve(pemOf(root));
    });
  });
}

function rootOf(socket: tls.TLSSocket): Uint8Array | undefined {
  let certificate = socket.getPeerCertificate(true);
  for (let depth = 0; depth < 10; depth++) {
    const issuer = certificate.issuerCertificate;
    if (!issuer || issuer === certificate || issuer.fingerprint256 === certificate.fingerprint256) {
      break;
    }
    certificate = issuer;
  }
  return certificate.raw;
}

function pemOf(der: Uint8Array): string {
  const lines = Buffer.from(der).toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

async function requestIdentity(
  client: Client,
  caPem: string,
  { nodeName, clock }: JoinOptions,
  signal: AbortSignal,
): Promise<NodeIdentity> {
  const { request, key } = await createCertificateRequest({
    commonName: `system:node:${nodeName}`,
    organizations: ["system:nodes"],
  });
  const created = await client.create(resources.certificatesigningrequests, {
    apiVersion: "certificates.k8s.io/v1",
    kind: "CertificateSigningRequest",
    metadata: { generateName: `node-csr-${nodeName}-`.slice(0, 57) },
    spec: {
      request: Buffer.from(request).toString("base64"),
      signerName,
      usages: ["digital signature", "client auth"],
    },
  });
  const certPem = await waitForCertificate(client, created.metadata.name!, { clock, signal });
  return { caPem, certPem, keyPem: key };
}

async function waitForCertificate(
  client: Client,
  name: string,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<string> {
  const deadline = clock.monotonic() + answerWaitMs;
  while (clock.monotonic() < deadline) {
    const { status } = await client.get<CertificateSigningRequest>(
      resources.certificatesigningrequests,
      { name },
    );
    if (status?.certificate) return Buffer.from(status.certificate, "base64").toString();
    const refused = status?.conditions?.find(({ type }) => type === "Denied" || type === "Failed");
    if (refused) {
      throw new JoinError(`Cannot join: the certificate was refused: ${refused.message}`);
    }
    await sleep(clock, pollMs, signal);
  }
  throw new JoinError("Cannot join: the server has not signed the node's certificate");
}
