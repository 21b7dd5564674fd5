import { DenoHost } from "../../host/deno_host.ts";
import type { Host } from "../../host/host.ts";
import { NamespacedHost } from "../../host/namespaced_host.ts";

export type Place = "node" | "pod1" | "pod2" | "outside";

export const addresses = {
  node: "192.168.50.1",
  gateway: "10.42.0.1",
  pod1: "10.42.0.11",
  pod2: "10.42.0.12",
  outside: "192.168.50.9",
} as const;
export const podCidr = "10.42.0.0/16";

/**
 * A node with a bridge and two pods, and a machine outside, each in a network namespace of its own and with a
 * server on port 8080 that tells its name and whom it sees.
 */
export class Lab {
  /** Runs programs on the lab's node. */
  readonly host: Host;
  readonly #prefix: string;
  readonly #agents = new Map<Place, Agent>();

  private constructor(prefix: string) {
    this.#prefix = prefix;
    this.host = new NamespacedHost(new DenoHost(), `/var/run/netns/${prefix}node`);
  }

  /** Why there can be no lab here; undefined if there can. */
  static async obstacle(...more: readonly string[]): Promise<string | undefined> {
    if (Deno.uid() !== 0) return "not root";
    const host = new DenoHost();
    for (const program of ["ip", "nsenter", ...more]) {
      if (!await host.has(program)) return `${program} is not installed`;
    }
    const probe = await host.run("unshare", ["--net", host.pathOf("ip"), "link"]);
    return probe.code === 0 ? undefined : "network namespaces cannot be made";
  }

  static async open(): Promise<Lab> {
    const lab = new Lab(`cp${crypto.randomUUID().slice(0, 6)}-`);
    try {
      await lab.#build();
    } catch (error) {
      await lab.close();
      throw error;
    }
    return lab;
  }

  /** What a client at `place` hears: `<server> <address it saw>`, an error code, or `timeout`. */
  tcp(place: Place, host: string, port: number, timeoutMs = 3000): Promise<string> {
    return this.#agents.get(place)!.ask({ op: "tcp", host, port, timeoutMs });
  }

  udp(place: Place, host: string, port: number, from?: number): Promise<string> {
    return this.#agents.get(place)!.ask({ op: "udp", host, port, from, timeoutMs: 1500 });
  }

  /** Sets a kernel variable of the node. */
  async sysctl(path: string, value: string): Promise<void> {
    await this.#sh("node", `echo ${value} > /proc/sys/${path}`);
  }

  async close(): Promise<void> {
    for (const agent of this.#agents.values()) await agent.close();
    for (const place of ["pod1", "pod2", "outside", "node"] as const) {
      await run("ip", ["netns", "del", this.#prefix + place]).catch(() => {});
    }
  }

  async #build(): Promise<void> {
    for (const place of ["node", "pod1", "pod2", "outside"] as const) {
      await run("ip", ["netns", "add", this.#prefix + place]);
      await this.#sh(place, "ip link set lo up");
    }
    await this.#sh("node", "ip link add br0 type bridge && ip link set br0 up");
    await this.#sh("node", `ip addr add ${addresses.gateway}/24 dev br0`);
    await this.#sh("node", "echo 1 > /proc/sys/net/ipv4/ip_forward");
    for (const pod of ["pod1", "pod2"] as const) {
      await this.#wire(pod, `${addresses[pod]}/24`);
      await this.#sh(
        "node",
        `ip link set ${pod} master br0 && bridge link set dev ${pod} hairpin on`,
      );
      await this.#sh(pod, `ip route add default via ${addresses.gateway}`);
    }
    await this.#wire("outside", `${addresses.outside}/24`);
    await this.#sh("node", `ip addr add ${addresses.node}/24 dev outside`);
    await this.#sh("node", `ip route add default via ${addresses.outside}`);
    // Its default route leads back to the one outside, which must not be told to help itself.
    await this.#sh(
      "node",
      "for f in /proc/sys/net/ipv4/conf/*/send_redirects; do echo 0 > $f; done",
    );
    await this.#sh("outside", `ip route add 10.0.0.0/8 via ${addresses.node}`);
    await this.#sh("outside", `ip route add 192.168.77.0/24 via ${addresses.node}`);
    for (const place of ["node", "pod1", "pod2", "outside"] as const) {
      const agent = new Agent(this.#prefix + place);
      this.#agents.set(place, agent);
      await agent.ask({ op: "serve", host: "0.0.0.0", port: 8080, name: place });
    }
  }

  async #wire(place: Place, address: string): Promise<void> {
    const namespace = this.#prefix + place;
    await this.#sh("node", `ip link add ${place} type veth peer name eth0 netns ${namespace}`);
    await this.#sh("node", `ip link set ${place} up`);
    await this.#sh(place, `ip addr add ${address} dev eth0 && ip link set eth0 up`);
  }

  #sh(place: Place, script: string): Promise<void> {
    return run("ip", ["netns", "exec", this.#prefix + place, "sh", "-ec", script]);
  }
}

class Agent {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncIterator<string>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(namespace: string) {
    const script = new URL("./lab_agent.ts", import.meta.url).pathname;
    this.#child = new Deno.Command("nsenter", {
      args: [
        `--net=/var/run/netns/${namespace}`,
        Deno.execPath(),
        ...["run", "-A", "--no-check", "--no-config", "--no-lock", script],
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#lines = linesOf(this.#child.stdout);
  }

  ask(request: Record<string, unknown>): Promise<string> {
    const answer = this.#last.then(async () => {
      await this.#writer.write(new TextEncoder().encode(JSON.stringify(request) + "\n"));
      const { value, done } = await this.#lines.next();
      if (done) throw new Error("Cannot ask the lab: its agent has ended");
      return JSON.parse(value) as string;
    });
    this.#last = answer.catch(() => {});
    return answer;
  }

  async close(): Promise<void> {
    await this.#writer.close().catch(() => {});
    await this.#lines.return?.();
    await this.#child.status;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (
    const part of stream.pipeThrough(
      new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>,
    )
  ) {
    const lines = (rest + part).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command(program, { args: [...args] }).output();
  if (code !== 0) throw new Error(`${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}
