import type { NodeSystemInfo } from "../../shared/api/core/v1/types.gen.ts";
import { type FileSystem, readText } from "../host/file_system.ts";
import type { RuntimeVersion } from "../runtime/runtime_service.ts";

/** What the machine is, found once at start. */
export interface NodeFacts {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly info: NodeSystemInfo;
}

/** What changes from moment to moment. */
export interface NodePressure {
  readonly memory: boolean;
  readonly disk: boolean;
  readonly processes: boolean;
}

export interface FactsOptions {
  readonly files: FileSystem;
  readonly dataDir: string;
  readonly runtime: RuntimeVersion;
  /** As `kubectl get nodes` shows it. */
  readonly version: string;
}

const architectures: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

/** Reads the machine's facts. */
export async function nodeFacts(options: FactsOptions): Promise<NodeFacts> {
  const { files, dataDir, runtime, version } = options;
  const text = async (path: string) => ((await readText(files, path)) ?? "").trim();
  const cpuinfo = await text("/proc/cpuinfo");
  const { totalBytes } = await files.usage(dataDir);
  const machineID = await text("/etc/machine-id");
  return {
    cpus: Math.max(1, (cpuinfo.match(/^processor\s*:/gm) ?? []).length),
    memoryBytes: meminfo(await text("/proc/meminfo"), "MemTotal"),
    diskBytes: totalBytes,
    info: {
      machineID,
      systemUUID: (await text("/sys/class/dmi/id/product_uuid").catch(() => "")) || machineID,
      bootID: await text("/proc/sys/kernel/random/boot_id"),
      kernelVersion: await text("/proc/sys/kernel/osrelease"),
      osImage: osName(await text("/etc/os-release")),
      containerRuntimeVersion: `${runtime.name}://${runtime.version}`,
      kubeletVersion: version,
      kubeProxyVersion: "",
      operatingSystem: "linux",
      architecture: architectures[Deno.build.arch] ?? Deno.build.arch,
    },
  };
}

/** Whether the machine runs short. The limits are the reference's defaults for hard eviction. */
export async function nodePressure(files: FileSystem, dataDir: string): Promise<NodePressure> {
  const memory = (await readText(files, "/proc/meminfo")) ?? "";
  const disk = await files.usage(dataDir);
  const [running = 0, limit = Infinity] = await Promise.all(
    ["/proc/loadavg", "/proc/sys/kernel/pid_max"].map(async (path) => {
      const text = (await readText(files, path)) ?? "";
      return Number(text.match(/^[\d. ]+\/(\d+)/)?.[1] ?? text);
    }),
  );
  return {
    memory: meminfo(memory, "MemAvailable") < 100 * 2 ** 20,
    disk: disk.availableBytes < 0.1 * disk.totalBytes ||
      (disk.totalInodes > 0 && disk.freeInodes < 0.05 * disk.totalInodes),
    processes: running > 0.95 * limit,
  };
}

function meminfo(text: string, name: string): number {
  const kilobytes = text.match(new RegExp(`^${name}:\\s+(\\d+) kB`, "m"))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

function osName(text: string): string {
  return text.match(/^PRETTY_NAME="?([^"\n]*)"?/m)?.[1] ?? "Linux";
}
