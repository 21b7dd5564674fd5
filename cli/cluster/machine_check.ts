import type { FileSystem } from "../../node/host/file_system.ts";
import type { Host } from "../../node/host/host.ts";
import { pluginDirectories } from "../../node/network/node_network.ts";

/** Something that keeps this machine from being a node: what, and what to do about it. */
export interface Obstacle {
  readonly problem: string;
  readonly remedy: string;
}

/** A machine that is looked at. */
export interface Machine {
  readonly host: Host;
  readonly files: FileSystem;
  /** Effective user. */
  readonly uid: number | null;
}

/** Why this machine cannot be a node; undefined if it can. Changes nothing: trials are made in a namespace that is thrown away. */
export async function checkMachine(machine: Machine): Promise<Obstacle | undefined> {
  if (machine.uid !== 0) {
    return {
      problem: "a node needs root: it makes network namespaces, mounts and containers",
      remedy: "run the command as root (sudo coracle up), or `coracle server` alone without root",
    };
  }
  return await checkPrograms(machine) ?? await checkKernel(machine.host);
}

/** Any one of each line will do. */
const programs: readonly { readonly anyOf: readonly string[]; readonly package: string }[] = [
  { anyOf: ["podman"], package: "podman" },
  { anyOf: ["crun", "runc"], package: "crun or runc" },
  { anyOf: ["ip"], package: "iproute2" },
  { anyOf: ["iptables-restore"], package: "iptables" },
  { anyOf: ["conntrack"], package: "conntrack" },
  { anyOf: ["nsenter"], package: "util-linux" },
  { anyOf: ["unshare"], package: "util-linux" },
  { anyOf: ["mount"], package: "mount" },
];
const plugins = ["bridge", "host-local", "portmap", "loopback"];

async function checkPrograms({ host, files }: Machine): Promise<Obstacle | undefined> {
  const missing: string[] = [];
  for (const { anyOf, package: name } of programs) {
    const found = await Promise.all(anyOf.map((program) => host.has(program)));
    if (!found.includes(true)) missing.push(name);
  }
  for (const plugin of plugins) {
    const paths = pluginDirectories.map((directory) => `${directory}/${plugin}`);
    const found = await Promise.all(paths.map((path) => files.realPath(path)));
    if (!found.some((path) => path !== undefined)) missing.push("containernetworking-plugins");
  }
  if (missing.length === 0) return undefined;
  const names = [...new Set(missing)].join(", ");
  return {
    problem: `not installed: ${names}`,
    remedy: "install it, or let the `coracle` launcher do it (run it without --no-install)",
  };
}

/** What the kernel must be able to do, tried inside a network namespace that ends with the trial. */
const trials: readonly { readonly what: string; readonly args: readonly string[] }[] = [
  { what: "network namespaces", args: ["ip", "link", "show", "lo"] },
  { what: "veth devices", args: ["ip", "link", "add", "veth-a", "type", "veth", "peer", "veth-b"] },
  { what: "bridges", args: ["ip", "link", "add", "bridge-a", "type", "bridge"] },
  { what: "address translation by iptables", args: ["iptables", "-w", "-t", "nat", "-N", "TRIAL"] },
  { what: "packet filters by iptables", args: ["iptables", "-w", "-t", "filter", "-N", "TRIAL"] },
];

async function checkKernel(host: Host): Promise<Obstacle | undefined> {
  const results = await Promise.all(
    trials.map(({ args: [program = "", ...rest] }) =>
      host.run("unshare", ["--net", "--", host.pathOf(program), ...rest])
    ),
  );
  const failed = results.findIndex(({ code }) => code !== 0);
  if (failed < 0) return undefined;
  return {
    problem: `this kernel has no ${trials[failed]!.what} (${results[failed]!.stderr.trim()})`,
    remedy: "load the kernel's modules or boot a kernel that has them",
  };
}
