import { output, run } from "./command.ts";

const launcher = new URL("../../../coracle", import.meta.url).pathname;
/** A start takes seconds; what takes longer than this hangs. */
const timeoutMs = 180_000;

/** A machine of its own as far as the network goes: one address, no way out, nobody to meet. */
export class Machine {
  readonly name = `up-${crypto.randomUUID().slice(0, 8)}`;
  readonly dataDir: string;

  /** Keeps everything below `directory`, in a path that is not easy on scripts. */
  constructor(directory: string) {
    this.dataDir = `${directory}/data with blanks`;
  }

  async make(): Promise<void> {
    const inside = ["ip", "-n", this.name];
    await output(["ip", "netns", "add", this.name]);
    await output([...inside, "link", "set", "lo", "up"]);
    await output([...inside, "link", "add", "eth0", "type", "veth", "peer", "name", "eth1"]);
    await output([...inside, "address", "add", "10.99.0.1/24", "dev", "eth0"]);
    for (const device of ["eth0", "eth1"]) await output([...inside, "link", "set", device, "up"]);
  }

  async unmake(): Promise<void> {
    await this.coracle("uninstall", "--yes");
    await run(["ip", "netns", "delete", this.name]);
  }

  /** A command line for the machine's network. */
  inside(...command: string[]): string[] {
    return ["nsenter", `--net=/run/netns/${this.name}`, "--", ...command];
  }

  coracle(command: string, ...flags: string[]) {
    const line = this.inside(launcher, command, "--data-dir", this.dataDir, ...flags);
    return run(line, { timeoutMs });
  }

  up(...flags: string[]) {
    return this.coracle("up", "--node-name", this.name, "--listen", "0.0.0.0:16443", ...flags);
  }

  /** A command line for the node's Podman: its own storage, not the machine's. */
  podman(...args: string[]): string[] {
    const run = `/run/coracle/${this.name}`;
    const storage = ["--root", `${this.dataDir}/agent/containers`, "--runroot", `${run}/storage`];
    return ["podman", ...storage, "--tmpdir", `${run}/libpod`, ...args];
  }

  async containers(): Promise<string[]> {
    return (await output(this.podman("ps", "--quiet"))).trim().split("\n").sort();
  }

  /** The ends of the logs, for whoever sees it fail. */
  async lastWords(): Promise<string> {
    const texts = await Promise.all(["server", "agent"].map(async (part) => {
      const log = await Deno.readTextFile(`${this.dataDir}/log/${part}.log`).catch(() => "");
      return `--- ${part}\n${log.slice(-4_000)}`;
    }));
    return texts.join("\n");
  }
}
