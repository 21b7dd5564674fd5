import { output, run } from "./command.ts";

/** A network of its own: a namespace with a bridge (where server and kubectl run), and one namespace for each node. */
export class Lan {
  /** Distinguishes this run's names from all others'; holds the process ID, so that leftovers of dead runs are known. */
  readonly id: string;
  readonly nodes: readonly string[];

  constructor(id: string, nodes: readonly string[]) {
    this.id = id;
    this.nodes = nodes;
  }

  /** The namespace of the bridge. */
  get hub(): string {
    return this.id;
  }

  /** The server's address. */
  readonly hubAddress = "10.210.0.1";

  namespaceOf(node: string): string {
    return `${this.id}-${node}`;
  }

  addressOf(node: string): string {
    return `10.210.0.${this.nodes.indexOf(node) + 11}`;
  }

  /** A command line that runs `command` in a namespace. `ip netns exec` would hide the control groups. */
  inside(namespace: string, command: readonly string[]): string[] {
    return ["nsenter", `--net=/run/netns/${namespace}`, ...command];
  }

  /** Nothing of it touches the machine's own interfaces, addresses or rules. */
  async build(): Promise<void> {
    const { hub } = this;
    await output(["ip", "netns", "add", hub]);
    const ip = (...args: string[]) => output(["ip", "-n", hub, ...args]);
    await ip("link", "set", "lo", "up");
    await ip("link", "add", "lan", "type", "bridge");
    await ip("address", "add", `${this.hubAddress}/24`, "dev", "lan");
    await ip("link", "set", "lan", "up");
    for (const node of this.nodes) {
      const namespace = this.namespaceOf(node);
      await output(["ip", "netns", "add", namespace]);
      await ip("link", "add", `to-${node}`, "type", "veth", "peer", "eth0", "netns", namespace);
      await ip("link", "set", `to-${node}`, "master", "lan", "up");
      const inNode = (...args: string[]) => output(["ip", "-n", namespace, ...args]);
      await inNode("link", "set", "lo", "up");
      await inNode("address", "add", `${this.addressOf(node)}/24`, "dev", "eth0");
      await inNode("link", "set", "eth0", "up");
      await inNode("route", "add", "default", "via", this.hubAddress);
    }
  }

  /** Fine if it was never built, or only in part. */
  async remove(): Promise<void> {
    for (const node of this.nodes) await run(["ip", "netns", "delete", this.namespaceOf(node)]);
    await run(["ip", "netns", "delete", this.hub]);
  }
}
