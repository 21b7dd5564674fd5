import type { Lease } from "../../shared/api/coordination/v1/types.gen.ts";
import type { Node } from "../../shared/api/core/v1/types.gen.ts";
import type { Client } from "../../shared/client/client.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import { type Clock, microTimestamp, sleep } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import { isStatus } from "../../shared/meta/status_error.ts";

export interface NodeLeaseOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeName: string;
  /** The registered node, which owns the lease; undefined until there is one. */
  readonly node: () => Node | undefined;
}

const NAMESPACE = "kube-node-lease";
const DURATION_SECONDS = 40;
const RENEW_MS = 10_000;
const RETRY_MS = 2000;

/** Renews the node's lease every ten seconds until the signal is aborted: the sign that the node lives. */
export async function renewNodeLease(
  options: NodeLeaseOptions,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log } = options;
  let lease: Lease | undefined;
  while (!signal.aborted) {
    let wait = RENEW_MS;
    try {
      lease = lease ? await renew(lease, options) : await acquire(options);
    } catch (error) {
      // Another write came between, or somebody removed it: look at what is there.
      lease = undefined;
      wait = RETRY_MS;
      if (!isStatus(error, "Conflict")) {
        log.warn("Node lease not renewed", { error: String(error) });
      }
    }
    await sleep(clock, wait, signal).catch(() => {});
  }
}

async function acquire(options: NodeLeaseOptions): Promise<Lease> {
  const { client, nodeName } = options;
  const found = await client.find(resources.leases, { namespace: NAMESPACE, name: nodeName });
  if (found) return await renew(found, options);
  return await client.create(resources.leases, {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { namespace: NAMESPACE, name: nodeName, ...owner(options) },
    spec: specOf(options),
  });
}

function renew(lease: Lease, options: NodeLeaseOptions): Promise<Lease> {
  const owned = lease.metadata.ownerReferences?.length ? {} : owner(options);
  return options.client.update(resources.leases, {
    ...lease,
    metadata: { ...lease.metadata, ...owned },
    spec: { ...lease.spec, ...specOf(options) },
  });
}

function specOf({ clock, nodeName }: NodeLeaseOptions): Lease["spec"] {
  return {
    holderIdentity: nodeName,
    leaseDurationSeconds: DURATION_SECONDS,
    renewTime: microTimestamp(clock.now()),
  };
}

function owner({ node, nodeName }: NodeLeaseOptions) {
  const uid = node()?.metadata.uid;
  if (!uid) return {};
  return { ownerReferences: [{ apiVersion: "v1", kind: "Node", name: nodeName, uid }] };
}
