import type { Node } from "../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import type { Informer, InformerSet } from "../../shared/informer/informer.ts";
import type { Log } from "../../shared/log/log.ts";
import type { FileSystem } from "../host/file_system.ts";
import type { Host } from "../host/host.ts";
import { CniNetwork } from "./cni/cni_network.ts";
import { defaultNetworkConfig, loadNetworkConfig } from "./cni/config.ts";
import { entryRules, familyOf, renderMasquerade } from "./masquerade.ts";
import { removeNetwork } from "./remove_network.ts";
import { parseRoutes, planRoutes, PROTOCOL, renderRoutes, type Route } from "./routes.ts";

export interface NodeNetworkOptions {
  readonly host: Host;
  readonly files: FileSystem;
  readonly log: Log;
  readonly nodeName: string;
  /** Below it: `results/` (what was done for each pod) and `ipam/` (addresses in use). */
  readonly dataDir: string;
  readonly informers: InformerSet;
  readonly clusterCidrs: readonly string[];
  /** Addresses of Services, and the node's own address for those who speak to them from here. */
  readonly services?: { readonly cidr: string; readonly nodeIp: string };
  /** An administrator's CNI configuration in here wins over ours. Default `/etc/cni/net.d`. */
  readonly configDirectory?: string;
  /** Default: `/opt/cni/bin`, `/usr/lib/cni`, `/usr/libexec/cni`. */
  readonly pluginDirectories?: readonly string[];
  /** Default 1500. */
  readonly mtu?: number;
  /** False where something else (an overlay) leads to other nodes' pods. Default true. */
  readonly neighbourRoutes?: boolean;
}

/** Where distributions install CNI plugins. */
export const pluginDirectories: readonly string[] = [
  "/opt/cni/bin",
  "/usr/lib/cni",
  "/usr/libexec/cni",
];

/**
 * The node's side of the pod network: kernel settings, the rules for leaving the cluster, routes to other nodes'
 * pods, and the CNI configuration, which waits for the node's pod CIDR. Follows Node objects.
 */
export class NodeNetwork {
  readonly pods: CniNetwork;
  readonly #options: NodeNetworkOptions;
  readonly #nodes: Informer<Node>;
  #stopListening = () => {};
  #cidrs: readonly string[] = [];
  #routes: readonly Route[] | undefined;
  /** Changes are applied one after another. */
  #work: Promise<void> = Promise.resolve();
  #again = false;

  constructor(options: NodeNetworkOptions) {
    this.#options = options;
    this.#nodes = options.informers.of(resources.nodes);
    this.pods = new CniNetwork({
      host: options.host,
      files: options.files,
      log: options.log,
      dataDir: `${options.dataDir}/results`,
      pluginDirectories: options.pluginDirectories ?? pluginDirectories,
    });
  }

  /** Sets the kernel up and starts to follow nodes. */
  async start(): Promise<void> {
    await this.#setKernel();
    await this.#routeServices();
    this.#stopListening = this.#nodes.onChange((node, previous) => {
      if (routingOf(node) !== routingOf(previous)) this.#schedule();
    });
    this.#schedule();
  }

  /** Stops following; leaves everything in place, because pods go on without the agent. */
  async stop(): Promise<void> {
    this.#stopListening();
    await this.#work;
  }

  /** Takes away every rule, route and device of ours. Pods must be gone. */
  async uninstall(): Promise<void> {
    await this.stop();
    await removeNetwork(this.#options, this.#options.dataDir);
  }

  #schedule(): void {
    if (this.#again) return;
    this.#again = true;
    this.#work = this.#work.then(async () => {
      this.#again = false;
      await this.#apply();
    }).catch((error) => this.#options.log.error("Node network not up to date", error));
  }

  async #apply(): Promise<void> {
    const own = this.#nodes.get(this.#options.nodeName);
    const { podCIDR, podCIDRs = podCIDR ? [podCIDR] : [] } = own?.spec ?? {};
    if (podCIDRs.length > 0 && podCIDRs.join() !== this.#cidrs.join()) {
      await this.#applyRules(podCIDRs);
      this.pods.use(await this.#config(podCIDRs));
      this.#cidrs = podCIDRs;
    }
    if (this.#options.neighbourRoutes !== false && this.#nodes.hasSynced) await this.#applyRoutes();
  }

  async #config(podCidrs: readonly string[]) {
    const { files, dataDir, configDirectory = "/etc/cni/net.d", mtu = 1500 } = this.#options;
    const own = await loadNetworkConfig(files, configDirectory);
    return own ?? defaultNetworkConfig({ podCidrs, mtu, dataDir: `${dataDir}/ipam` });
  }

  async #applyRules(podCidrs: readonly string[]): Promise<void> {
    const { host, clusterCidrs } = this.#options;
    for (const family of new Set(podCidrs.map(familyOf))) {
      const program = family === 4 ? "iptables" : "ip6tables";
      const stdin = renderMasquerade({ podCidrs, clusterCidrs }, family);
      await host.output(`${program}-restore`, ["-w", "--noflush"], { stdin });
      for (const { table, rule } of entryRules) {
        const there = await host.run(program, ["-w", "-t", table, "-C", ...rule]);
        if (there.code === 0) continue;
        const [chain = "", ...rest] = rule;
        const place = table === "filter"
          ? ["-I", chain, await this.#placeIn(program, chain)]
          : ["-A", chain];
        await host.output(program, ["-w", "-t", table, ...place, ...rest]);
      }
    }
  }

  /**
   * Early in FORWARD, because a firewall's own rules may drop before an appended one is reached; but behind those of
   * Services, which refuse what must not be forwarded.
   */
  async #placeIn(program: string, chain: string): Promise<string> {
    const { stdout } = await this.#options.host.run(program, ["-w", "-S", chain]);
    const rules = new TextDecoder().decode(stdout).split("\n")
      .filter((line) => line.startsWith("-A "));
    const other = rules.findIndex((rule) => !/ -j KUBE-/.test(rule));
    return String((other < 0 ? rules.length : other) + 1);
  }

  async #applyRoutes(): Promise<void> {
    const { host, nodeName } = this.#options;
    const want = planRoutes(this.#nodes.list(), nodeName);
    const have = this.#routes ?? await this.#readRoutes();
    let complete = true;
    for (const family of [4, 6] as const) {
      const of = (routes: readonly Route[]) =>
        routes.filter(({ destination }) => familyOf(destination) === family);
      const lines = renderRoutes(of(have), of(want));
      if (lines.length === 0) continue;
      const stdin = lines.join("\n") + "\n";
      // -force: one unreachable neighbour must not keep the others from being reached.
      const { code, stderr } = await host.run("ip", [`-${family}`, "-force", "-batch", "-"], {
        stdin,
      });
      if (code === 0) continue;
      complete = false;
      this.#options.log.warn("Some neighbour routes not set", { stderr });
    }
    // After a failure the kernel is asked anew, so that what is missing is tried again with the next change.
    this.#routes = complete ? want : undefined;
  }

  async #readRoutes(): Promise<Route[]> {
    const { host } = this.#options;
    const read = async (family: string) =>
      parseRoutes(
        await host.output("ip", [family, "-j", "route", "show", "proto", String(PROTOCOL)]),
      );
    return [...await read("-4"), ...await read("-6").catch(() => [])];
  }

  /**
   * Packets of this machine to Services are translated after their route was chosen: without a default route there
   * would be none. The route over loopback is there when no network is, but callers hear no refusal on it (the ICMP
   * answer of REJECT is lost, and they wait), so one over the node's own device goes first.
   */
  async #routeServices(): Promise<void> {
    const { log, services } = this.#options;
    if (!services) return;
    const device = await this.#deviceOf(services.nodeIp);
    if (device !== undefined) await this.#routeServicesBy([device]);
    const failed = await this.#routeServicesBy(["lo", "metric", "1024"]);
    if (failed) log.warn("Services have no route from this machine", { stderr: failed });
  }

  /** Resolves to why there is no such route, or undefined. */
  async #routeServicesBy(device: readonly string[]): Promise<string | undefined> {
    const { host, services } = this.#options;
    const route = [services!.cidr, "dev", ...device, "proto", String(PROTOCOL)];
    const own = await host.run("ip", ["route", "replace", ...route, "src", services!.nodeIp]);
    if (own.code === 0) return undefined;
    // Behind address translation the node's address is not one of the machine's.
    const { code, stderr } = await host.run("ip", ["route", "replace", ...route]);
    return code === 0 ? undefined : stderr;
  }

  /** The device that has an address, other than loopback. */
  async #deviceOf(address: string): Promise<string | undefined> {
    const args = ["-json", "-4", "address", "show", "to", `${address}/32`];
    const { code, stdout } = await this.#options.host.run("ip", args);
    const text = new TextDecoder().decode(stdout).trim();
    if (code !== 0 || text === "") return undefined;
    const links = JSON.parse(text) as { readonly ifname?: string }[];
    return links.find(({ ifname }) => ifname !== undefined && ifname !== "lo")?.ifname;
  }

  async #setKernel(): Promise<void> {
    const { host, files, log } = this.#options;
    const settings: readonly (readonly [path: string, value: string])[] = [
      ["/proc/sys/net/ipv4/ip_forward", "1"],
      ["/proc/sys/net/ipv6/conf/all/forwarding", "1"],
      // Pods of one node meet on the bridge; services between them need their packets to pass the rules too.
      ["/proc/sys/net/bridge/bridge-nf-call-iptables", "1"],
      ["/proc/sys/net/bridge/bridge-nf-call-ip6tables", "1"],
    ];
    if (await files.stat("/proc/sys/net/bridge") === undefined && await host.has("modprobe")) {
      await host.run("modprobe", ["br_netfilter"]);
    }
    for (const [path, value] of settings) {
      if (await files.stat(path) === undefined) continue;
      await files.overwrite(path, value).catch((error) =>
        log.warn("Kernel setting not changed", { path, error: String(error) })
      );
    }
  }
}

/** What of a node the network depends on, for comparing. */
function routingOf(node: Node | undefined): string {
  return JSON.stringify([node?.spec?.podCIDRs ?? node?.spec?.podCIDR, node?.status?.addresses]);
}
