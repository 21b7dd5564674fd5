import ipaddr from "ipaddr.js";
import { resources } from "../../shared/client/resources.gen.ts";
import { type ControllerDefinition, done } from "./controller.ts";

/** Gives every node a part of the cluster's pod network of its own. */
export const nodeIpamController: ControllerDefinition = {
  name: "nodeipam",
  account: "node-controller",
  // One worker: two nodes must not be given the same network.
  setup({ client, informers, events, config, enqueue }) {
    const nodes = informers.of(resources.nodes);
    const pool = networkPool(config.clusterCidr, config.nodeCidrMaskSize);
    const waiting = new Set<string>();
    /** What was given out, also before the informer shows it. */
    const given = new Map<string, string>();
    nodes.onChange((node, previous) => {
      if (node) {
        if (node.spec?.podCIDR) given.set(node.metadata.name!, node.spec.podCIDR);
        else enqueue(node.metadata.name!);
        return;
      }
      given.delete(previous!.metadata.name!);
      for (const name of waiting) enqueue(name);
    });
    return async (key) => {
      waiting.delete(key);
      const node = nodes.get(key);
      if (!node || node.spec?.podCIDR) return done;
      const cidr = given.get(key) ?? pool.firstFree(new Set(given.values()));
      if (cidr === undefined) {
        waiting.add(key);
        events.event(
          node,
          "Normal",
          "CIDRNotAvailable",
          `Node ${key} status is now: CIDRNotAvailable`,
        );
        return done;
      }
      given.set(key, cidr);
      const patch = {
        metadata: { uid: node.metadata.uid },
        spec: { podCIDR: cidr, podCIDRs: [cidr] },
      };
      await client.patch(resources.nodes, { name: key }, patch, { type: "merge" });
      return done;
    };
  },
};

/** The networks of one size within a larger one. */
export interface NetworkPool {
  /** How many there are. */
  readonly size: number;
  /** The lowest that is not in `taken`; undefined if all are. */
  firstFree(taken: ReadonlySet<string>): string | undefined;
}

/** Splits `cidr` (IPv4 or IPv6) into networks of `prefix` bits. Throws RangeError if they do not fit into it. */
export function networkPool(cidr: string, prefix: number): NetworkPool {
  const [address, bits] = ipaddr.parseCIDR(cidr);
  const bytes = address.toByteArray();
  const total = bytes.length * 8;
  if (prefix < bits || prefix > total) {
    throw new RangeError(`Cannot split ${cidr} into networks of ${prefix} bits`);
  }
  const base = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const start = base >> BigInt(total - bits) << BigInt(total - bits);
  const size = 2 ** Math.min(prefix - bits, 30);
  const nth = (index: number) => {
    const value = start + (BigInt(index) << BigInt(total - prefix));
    const parts = bytes.map((_, i) => Number(value >> BigInt(total - 8 * (i + 1)) & 255n));
    return `${ipaddr.fromByteArray(parts)}/${prefix}`;
  };
  return {
    size,
    firstFree(taken) {
      // At most one more than are taken need be looked at.
      for (let index = 0; index < size; index++) {
        const network = nth(index);
        if (!taken.has(network)) return network;
      }
      return undefined;
    },
  };
}
