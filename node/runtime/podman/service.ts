import { type Clock, sleep } from "../../../shared/clock/clock.ts";
import type { Log } from "../../../shared/log/log.ts";
import type { FileSystem } from "../../host/file_system.ts";
import type { Host, RunningCommand } from "../../host/host.ts";
import { RuntimeError } from "../runtime_service.ts";
import { containersConf, type EngineFacts } from "./containers_conf.ts";
import { RestClient } from "./rest_client.ts";

export interface PodmanOptions {
  /** Where images and containers are kept. Absent: the machine's own (`/var/lib/containers`). */
  readonly storageDir?: string;
  /** On a file system that a reboot empties; holds the socket, configuration and Podman's run state. */
  readonly runDir: string;
  /** `crun`, `runc` or another installed runtime; absent: whichever works here. */
  readonly ociRuntime?: string;
}

export interface PodmanContext {
  readonly host: Host;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Podman's REST service as our child. It ends by itself a minute after its last request, so an agent that was
 * killed leaves nothing; a new agent takes over a service that still listens.
 */
export class PodmanService {
  readonly client: RestClient;
  readonly #options: PodmanOptions;
  readonly #context: PodmanContext;
  readonly #socketPath: string;
  #child: RunningCommand | undefined;
  #starting: Promise<void> | undefined;
  #closed = false;
  /** What the service last complained about. */
  #lastWords = "it ended at once";

  constructor(options: PodmanOptions, context: PodmanContext) {
    this.#options = options;
    this.#context = context;
    this.#socketPath = `${options.runDir}/podman.sock`;
    this.client = new RestClient(this.#socketPath);
  }

  /** Environment of every podman run of ours. */
  get env(): Record<string, string> {
    return { CONTAINERS_CONF: `${this.#options.runDir}/containers.conf` };
  }

  /** Options before the verb that choose the storage. */
  get globalArgs(): string[] {
    const { storageDir, runDir } = this.#options;
    if (storageDir === undefined) return [];
    return ["--root", storageDir, "--runroot", `${runDir}/storage`, "--tmpdir", `${runDir}/libpod`];
  }

  /** Makes sure that the service answers. Concurrent calls share one start. */
  async ensure(): Promise<void> {
    this.#starting ??= this.#ensure().finally(() => this.#starting = undefined);
    await this.#starting;
  }

  /** Writes the configuration that our podman runs are given. */
  async configure(facts: EngineFacts): Promise<void> {
    const { runDir } = this.#options;
    await this.#context.files.makeDirectory(runDir, 0o700);
    const text = containersConf(facts);
    await this.#context.files.write(`${runDir}/containers.conf`, text, { mode: 0o644 });
  }

  close(): void {
    this.#closed = true;
    this.client.close();
    this.#child?.kill("SIGTERM");
  }

  async #ensure(): Promise<void> {
    if (this.#closed) throw new RuntimeError("Unavailable", "Cannot reach Podman: closed");
    if (await this.#answers()) return;
    this.#child?.kill("SIGTERM");
    this.#spawn();
    for (let waited = 0; waited < 15_000 && this.#child; waited += 50) {
      await sleep(this.#context.clock, 50);
      if (await this.#answers()) return;
    }
    const why = this.#child ? "no answer in 15 s" : this.#lastWords;
    throw new RuntimeError("Unavailable", `Cannot start Podman's service: ${why}`);
  }

  #spawn(): void {
    const { host, log } = this.#context;
    const args = [
      ...this.globalArgs,
      "system",
      "service",
      "--time=60",
      `unix://${this.#socketPath}`,
    ];
    const child = host.spawn("podman", args, { env: this.env });
    this.#child = child;
    void drain(child.stdout);
    void drain(child.stderr, (text) => {
      this.#lastWords = text;
      log.debug("Podman service", { text });
    });
    child.exit.then((code) => {
      if (this.#child === child) this.#child = undefined;
      if (!this.#closed && code !== 0) log.warn("Podman service ended", { code });
    });
  }

  /** `/version` would tell as well, but Podman asks the package manager who owns runc and conmon for it, every time. */
  async #answers(): Promise<boolean> {
    try {
      (await this.client.stream({ method: "GET", path: "/_ping" })).resume();
      return true;
    } catch {
      return false;
    }
  }
}

async function drain(
  stream: ReadableStream<Uint8Array>,
  onText: (text: string) => void = () => {},
): Promise<void> {
  const decoder = new TextDecoder();
  try {
    for await (const chunk of stream) onText(decoder.decode(chunk, { stream: true }).trimEnd());
  } catch { /* the process is gone */ }
}
