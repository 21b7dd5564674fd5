import type { Duplex } from "node:stream";
import { type Clock, sleep } from "../../../shared/clock/clock.ts";
import { killProcess } from "../../host/deno_host.ts";
import { dialPort } from "../dial.ts";
import { labelNames, RuntimeError } from "../runtime_service.ts";
import type {
  ContainerConfig,
  ContainerState,
  ContainerStats,
  ContainerStream,
  ExecResult,
  ImageInfo,
  RegistryLogin,
  RuntimeEvent,
  RuntimeService,
  RuntimeVersion,
  StreamOptions,
} from "../runtime_service.ts";
import { detectEngine, type EngineFacts } from "./containers_conf.ts";
import { createSpec } from "./create_spec.ts";
import { podmanEvents } from "./events.ts";
import { PodmanImages } from "./images.ts";
import { type ContainerInspection, type ContainerSummary, stateOf } from "./inspection.ts";
import { type PodmanContext, type PodmanOptions, PodmanService } from "./service.ts";
import { collect, openAttach, openExec } from "./sessions.ts";

/** How long a killed container may take to be reaped before we say that it does not die. */
const KILL_TIMEOUT_MS = 20_000;
/** Images are asked for again after so long: what others do in the machine's own storage may not be told to us. */
const LIST_IMAGES_MS = 300_000;

/**
 * Podman as the container engine, through its REST service on a Unix socket. Containers belong to conmon, not to
 * us: they outlive the agent and the service.
 */
export class PodmanRuntime implements RuntimeService {
  readonly #service: PodmanService;
  readonly #context: PodmanContext;
  readonly #clock: Clock;
  readonly #wantedRuntime: string | undefined;
  readonly #images: PodmanImages;
  #facts: EngineFacts | undefined;
  /** The images, until an event tells of a change; asking Podman makes it write to the disk. */
  #listed: Promise<ImageInfo[]> | undefined;
  #listedAt = -Infinity;
  #hearsOfImages = false;
  /** Containers that we sent SIGKILL. */
  readonly #killed = new Set<string>();
  /** What inspection said, by ID, with the summary it was true for. */
  readonly #known = new Map<string, { stamp: string; state: ContainerState }>();

  constructor(options: PodmanOptions, context: PodmanContext) {
    this.#service = new PodmanService(options, context);
    this.#context = context;
    this.#clock = context.clock;
    this.#wantedRuntime = options.ociRuntime;
    this.#images = new PodmanImages(this.#service.client);
  }

  async open(): Promise<void> {
    const { host, files, log } = this.#context;
    this.#facts = await detectEngine(host, files, this.#wantedRuntime);
    await this.#service.configure(this.#facts);
    await this.#service.ensure();
    log.info("Podman ready", { ociRuntime: this.#facts.ociRuntime });
  }

  async close(): Promise<void> {
    this.#service.close();
  }

  async version(): Promise<RuntimeVersion> {
    const { Version } = await this.#call<{ Version: string }>("GET", "/version");
    return { name: "podman", version: Version };
  }

  async create(config: ContainerConfig): Promise<string> {
    const { lowestOomScoreAdjust } = this.#facts ?? { lowestOomScoreAdjust: 0 };
    const body = createSpec(config, { lowestOomScoreAdjust });
    const { Id } = await this.#call<{ Id: string }>("POST", "/containers/create", body);
    return Id;
  }

  async start(id: string): Promise<void> {
    await this.#call("POST", `/containers/${id}/start`);
  }

  async stop(id: string, graceMs: number): Promise<void> {
    const found = await this.#orMissing(this.#inspect(id));
    if (!found?.State.Running) return;
    const signal = found.Config.StopSignal || 15;
    if (graceMs > 0 && await this.#signal(id, signal)) {
      if (await this.#ended(id, graceMs)) return;
    }
    this.#killed.add(id);
    await this.#signal(id, 9);
    if (!await this.#ended(id, KILL_TIMEOUT_MS)) {
      throw new RuntimeError("TimedOut", `Cannot stop container ${id}: it does not die`);
    }
  }

  async remove(id: string): Promise<void> {
    await this.#orMissing(
      this.#call("DELETE", `/containers/${id}?force=true&v=true&timeout=0`),
    );
    this.#known.delete(id);
    this.#killed.delete(id);
  }

  async list(podUid?: string): Promise<ContainerState[]> {
    const label = podUid === undefined ? labelNames.podUid : `${labelNames.podUid}=${podUid}`;
    const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
    const path = `/containers/json?all=true&filters=${filters}`;
    const summaries = (await this.#call<ContainerSummary[] | null>("GET", path)) ?? [];
    const states = await Promise.all(summaries.map((summary) => this.#state(summary)));
    if (podUid === undefined) this.#forgetAllBut(new Set(summaries.map(({ Id }) => Id)));
    return states.filter((state) => state !== undefined);
  }

  async *events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    while (!signal.aborted) {
      try {
        await this.#service.ensure();
        const response = await this.#service.client.stream({
          method: "GET",
          path: podmanEvents.path,
          signal,
        });
        this.#hearsOfImages = true;
        yield { type: "resync" };
        yield* podmanEvents.parse(response, () => this.#listed = undefined);
      } catch (error) {
        if (signal.aborted) return;
        this.#context.log.warn("Podman events interrupted", { error: String(error) });
      } finally {
        this.#hearsOfImages = false;
        this.#listed = undefined;
      }
      await sleep(this.#clock, 1000, signal).catch(() => {});
    }
  }

  async stats(ids: readonly string[]): Promise<ContainerStats[]> {
    if (ids.length === 0) return [];
    const query = ids.map((id) => `containers=${id}`).join("&");
    const { Stats } = await this.#call<{ Stats: PodmanStats[] | null }>(
      "GET",
      `/containers/stats?stream=false&${query}`,
    );
    return (Stats ?? []).map((stats) => ({
      id: stats.ContainerID,
      cpuNanoseconds: stats.CPUNano,
      memoryBytes: stats.MemUsage,
      processes: stats.PIDs,
    }));
  }

  async find(image: string): Promise<ImageInfo | undefined> {
    await this.#service.ensure();
    return await this.#images.find(image);
  }

  async pull(
    image: string,
    login: RegistryLogin | undefined,
    signal: AbortSignal,
  ): Promise<ImageInfo> {
    await this.#service.ensure();
    return await this.#images.pull(image, login, signal);
  }

  async listImages(): Promise<ImageInfo[]> {
    const now = this.#clock.monotonic();
    if (this.#listed && now - this.#listedAt < LIST_IMAGES_MS) return await this.#listed;
    await this.#service.ensure();
    const list = this.#images.list();
    if (this.#hearsOfImages) this.#keepList(list, now);
    return await list;
  }

  #keepList(list: Promise<ImageInfo[]>, now: number): void {
    this.#listed = list;
    this.#listedAt = now;
    list.catch(() => {
      if (this.#listed === list) this.#listed = undefined;
    });
  }

  async removeImage(id: string): Promise<void> {
    await this.#service.ensure();
    await this.#images.remove(id);
  }

  async exec(id: string, command: readonly string[], timeoutMs: number): Promise<ExecResult> {
    const options = { stdin: false, stdout: true, stderr: true, tty: false };
    const session = await openExec(this.#service.client, { id, command }, options);
    const timedOut = Symbol();
    const { promise: deadline, resolve } = Promise.withResolvers<typeof timedOut>();
    const timer = this.#clock.after(timeoutMs, () => resolve(timedOut));
    try {
      const done = await Promise.race([collect(session.stream), deadline]);
      if (done !== timedOut) return done;
      const pid = await session.pid().catch(() => 0);
      session.stream.close();
      if (pid > 0) killProcess(pid);
      throw new RuntimeError("TimedOut", `command timed out after ${timeoutMs / 1000}s`);
    } finally {
      timer.cancel();
    }
  }

  async execStream(
    id: string,
    command: readonly string[],
    options: StreamOptions,
  ): Promise<ContainerStream> {
    await this.#service.ensure();
    return (await openExec(this.#service.client, { id, command }, options)).stream;
  }

  async attachStream(id: string, options: StreamOptions): Promise<ContainerStream> {
    await this.#service.ensure();
    return await openAttach(this.#service.client, id, options);
  }

  dial(network: string, port: number): Promise<Duplex> {
    return dialPort(this.#context.host, network, port);
  }

  async #state(summary: ContainerSummary): Promise<ContainerState | undefined> {
    const { Id, State, Pid, StartedAt, ExitedAt } = summary;
    const stamp = `${State} ${Pid} ${StartedAt} ${ExitedAt}`;
    const known = this.#known.get(Id);
    if (known?.stamp === stamp) return known.state;
    const inspection = await this.#orMissing(this.#inspect(Id));
    if (!inspection) return undefined;
    const guessOom = this.#facts?.seesOomKills === false && !this.#killed.has(Id);
    const state = stateOf(inspection, guessOom);
    this.#known.set(Id, { stamp, state });
    return state;
  }

  #forgetAllBut(ids: ReadonlySet<string>): void {
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id);
  }

  #inspect(id: string): Promise<ContainerInspection> {
    return this.#call("GET", `/containers/${id}/json`);
  }

  /** False if it was not running any more. */
  async #signal(id: string, signal: number): Promise<boolean> {
    try {
      await this.#call("POST", `/containers/${id}/kill?signal=${signal}`);
      return true;
    } catch (error) {
      const inspection = await this.#orMissing(this.#inspect(id));
      if (!inspection?.State.Running) return false;
      throw error;
    }
  }

  async #ended(id: string, timeoutMs: number): Promise<boolean> {
    const controller = new AbortController();
    const timer = this.#clock.after(timeoutMs, () => controller.abort());
    try {
      await this.#service.client.call({
        method: "POST",
        path: `/containers/${id}/wait?condition=exited&condition=stopped&interval=100ms`,
        signal: controller.signal,
      });
      return true;
    } catch (error) {
      if (error instanceof RuntimeError && error.code === "NotFound") return true;
      if (controller.signal.aborted) return false;
      throw error;
    } finally {
      timer.cancel();
    }
  }

  async #call<T>(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<T> {
    const request = { method, path, ...(body !== undefined && { body }) };
    try {
      return await this.#service.client.call<T>(request);
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.code !== "Unavailable") throw error;
      // The service ends by itself when idle; every request here may be repeated.
      await this.#service.ensure();
      return await this.#service.client.call<T>(request);
    }
  }

  async #orMissing<T>(promise: Promise<T>): Promise<T | undefined> {
    try {
      return await promise;
    } catch (error) {
      if (error instanceof RuntimeError && error.code === "NotFound") return undefined;
      throw error;
    }
  }
}

interface PodmanStats {
  readonly ContainerID: string;
  readonly CPUNano: number;
  readonly MemUsage: number;
  readonly PIDs: number;
}
