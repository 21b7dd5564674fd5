import type { FileSystem } from "../../node/host/file_system.ts";
import { readText } from "../../node/host/file_system.ts";
import type { Host } from "../../node/host/host.ts";
import { type Footprint, iptablesLines, nftablesLines } from "./footprint.ts";

/** Kernel settings that a node may change. */
export const nodeSettings: readonly string[] = [
  "/proc/sys/net/ipv4/ip_forward",
  "/proc/sys/net/ipv6/conf/all/forwarding",
  "/proc/sys/net/ipv4/conf/all/route_localnet",
  "/proc/sys/net/bridge/bridge-nf-call-iptables",
  "/proc/sys/net/bridge/bridge-nf-call-ip6tables",
];

/** Directories in which a node makes entries, outside its own data directory. */
const sharedDirectories = ["/var/log/pods", "/run/coracle", "/etc/cni/net.d", "/var/lib/cni"];

interface Machine {
  readonly host: Host;
  readonly files: FileSystem;
}

/** Looks at the machine. What it cannot tell (a program is missing) it leaves empty. Changes nothing. */
export async function readFootprint(machine: Machine): Promise<Footprint> {
  const lines = async (program: string, args: readonly string[]) => {
    if (!await machine.host.has(program)) return [];
    const { code, stdout } = await machine.host.run(program, args);
    return code === 0
      ? new TextDecoder().decode(stdout).split("\n").map((line) => line.trim()).filter(Boolean)
      : [];
  };
  const [namespaces, interfaces, routes4, routes6, nft, containers] = await Promise.all([
    lines("ip", ["netns", "list"]),
    lines("ip", ["-json", "address", "show"]),
    lines("ip", ["-4", "route", "show", "table", "all"]),
    lines("ip", ["-6", "route", "show", "table", "all"]),
    lines("nft", ["list", "ruleset"]),
    lines("podman", ["ps", "--all", "--format", "{{.Names}}"]),
  ]);
  const links = JSON.parse(interfaces.join("") || "[]") as Link[];
  return {
    namespaces: namespaces.map((line) => line.split(" ")[0]!).sort(),
    interfaces: links.map(({ ifname }) => ifname).sort(),
    addresses: links.flatMap(({ ifname, addr_info }) =>
      (addr_info ?? []).map(({ local, prefixlen }) => `${ifname} ${local}/${prefixlen}`)
    ).sort(),
    routes: [...routes4, ...routes6].sort(),
    iptables: await readIptables(machine),
    nftables: nftablesLines(nft.join("\n")),
    mounts: mountsOf((await readText(machine.files, "/proc/self/mountinfo")) ?? ""),
    containers: containers.sort(),
    files: await readFiles(machine.files),
    settings: await readSettings(machine.files),
  };
}

interface Link {
  readonly ifname: string;
  readonly addr_info?: readonly { readonly local: string; readonly prefixlen: number }[];
}

async function readIptables({ host }: Machine): Promise<string[]> {
  const programs = [
    "iptables-nft-save",
    "iptables-legacy-save",
    "ip6tables-nft-save",
    "ip6tables-legacy-save",
  ];
  const found: string[] = [];
  for (const program of programs) {
    if (!await host.has(program)) continue;
    const { code, stdout } = await host.run(program, []);
    if (code !== 0) continue;
    const rules = iptablesLines(new TextDecoder().decode(stdout));
    found.push(...rules.map((line) => `${program.slice(0, -"-save".length)} ${line}`));
  }
  return found;
}

/** Mount points (proc(5), mountinfo, field 5). */
function mountsOf(mountinfo: string): string[] {
  return mountinfo.split("\n").flatMap((line) => line.split(" ")[4] ?? []).sort();
}

async function readFiles(files: FileSystem): Promise<string[]> {
  const found = await Promise.all(
    sharedDirectories.map(async (directory) =>
      (await files.list(directory)).map((name) => `${directory}/${name}`)
    ),
  );
  return found.flat().sort();
}

async function readSettings(files: FileSystem): Promise<string[]> {
  const found = await Promise.all(nodeSettings.map(async (path) => {
    const value = await readText(files, path);
    return value === undefined ? [] : [`${path}=${value.trim()}`];
  }));
  return found.flat();
}
