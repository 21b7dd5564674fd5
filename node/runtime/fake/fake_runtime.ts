import { Duplex, PassThrough } from "node:stream";
import type { Clock } from "../../../shared/clock/clock.ts";
import { imageCandidates, normalizeImage } from "../image_name.ts";
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
import { runScript, type ScriptResult } from "./script.ts";

interface FakeContainer {
  state: ContainerState;
  readonly config: ContainerConfig;
}

/** How a fake container's program behaves beyond what its command says. */
export interface FakeRuntimeOptions {
  /** What `exec` answers; default: `runScript`. May never settle, to play a hanging program. */
  readonly exec?: (config: ContainerConfig, command: readonly string[]) => Promise<ScriptResult>;
}

/**
 * A container engine in memory, for tests. A container whose command is a script of `runScript` behaves as the
 * script says; every other runs until it is stopped. `exit` ends one from outside.
 */
export class FakeRuntime implements RuntimeService {
  readonly containers = new Map<string, FakeContainer>();
  readonly images = new Map<string, ImageInfo>();
  /** Names in the order they were pulled. */
  readonly pulls: string[] = [];
  /** Images that a registry would have; others cannot be pulled. */
  readonly registry = new Set<string>();
  readonly #clock: Clock;
  readonly #options: FakeRuntimeOptions;
  readonly #listeners = new Set<(event: RuntimeEvent) => void>();
  #ids = 0;

  constructor(clock: Clock, options: FakeRuntimeOptions = {}) {
    this.#clock = clock;
    this.#options = options;
  }

  async open(): Promise<void> {}
  async close(): Promise<void> {}

  async version(): Promise<RuntimeVersion> {
    return { name: "fake", version: "1.0.0" };
  }

  /** Puts an image into the store. */
  addImage(name: string): void {
    const full = normalizeImage(name);
    const id = `sha256:${String(this.images.size + 1).padStart(64, "0")}`;
    const digests = [`${full.slice(0, full.lastIndexOf(":"))}@${id}`];
    this.images.set(full, { id, names: [full], digests, sizeBytes: 1000, user: "" });
  }

  /** Ends a running container, as its program or the kernel would. */
  exit(id: string, exitCode: number, oomKilled = false): void {
    const container = this.#get(id);
    if (container.state.state !== "running") return;
    const finishedAt = this.#clock.now();
    container.state = {
      ...container.state,
      state: "exited",
      exitCode,
      oomKilled,
      finishedAt,
      pid: 0,
    };
    this.#say("died", container);
  }

  /** The newest container of that name in any pod. */
  named(containerName: string): ContainerState | undefined {
    return [...this.containers.values()].map(({ state }) => state)
      .findLast(({ labels }) => labels[labelNames.containerName] === containerName);
  }

  async create(config: ContainerConfig): Promise<string> {
    for (const { config: other } of this.containers.values()) {
      if (other.name === config.name) {
        throw new RuntimeError("Conflict", `the container name "${config.name}" is already in use`);
      }
    }
    const image = config.rootfs ? { id: "" } : await this.find(config.image);
    if (!image) throw new RuntimeError("NotFound", `${config.image}: image not known`);
    const id = String(++this.#ids).padStart(64, "0");
    this.containers.set(id, {
      config,
      state: {
        id,
        name: config.name,
        labels: config.labels,
        state: "created",
        createdAt: this.#clock.now(),
        startedAt: 0,
        finishedAt: 0,
        exitCode: 0,
        oomKilled: false,
        image: config.image,
        imageId: image.id,
        logPath: config.logPath,
        pid: 0,
      },
    });
    return id;
  }

  async start(id: string): Promise<void> {
    const container = this.#get(id);
    const command = [...(container.config.command ?? []), ...(container.config.args ?? [])];
    if (command[0]?.startsWith("/no-such")) {
      throw new RuntimeError("Failed", `exec: "${command[0]}": no such file or directory`);
    }
    const startedAt = this.#clock.now();
    container.state = { ...container.state, state: "running", startedAt, pid: 1000 + this.#ids };
    this.#say("started", container);
    const result = runScript(command);
    if (result.exitCode !== undefined) {
      this.#clock.after(0, () => this.exit(id, result.exitCode ?? 0));
    }
  }

  async stop(id: string, graceMs: number): Promise<void> {
    const container = this.containers.get(id);
    if (container?.state.state !== "running") return;
    const ignoresTerm = container.config.command?.join(" ").includes("trap '' TERM") ?? false;
    if (!ignoresTerm && graceMs > 0) return this.exit(id, 143);
    const { promise, resolve } = Promise.withResolvers<void>();
    const listener = (event: RuntimeEvent) => {
      if (event.type === "died" && event.id === id) resolve();
    };
    this.#listeners.add(listener);
    const timer = this.#clock.after(graceMs, () => this.exit(id, 137));
    await promise;
    timer.cancel();
    this.#listeners.delete(listener);
  }

  async remove(id: string): Promise<void> {
    const container = this.containers.get(id);
    if (!container) return;
    this.exit(id, 137);
    this.containers.delete(id);
    this.#say("removed", container);
  }

  async list(podUid?: string): Promise<ContainerState[]> {
    return [...this.containers.values()].map(({ state }) => state)
      .filter(({ labels }) => podUid === undefined || labels[labelNames.podUid] === podUid);
  }

  async *events(signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    const waiting: RuntimeEvent[] = [{ type: "resync" }];
    let wake = () => {};
    const listener = (event: RuntimeEvent) => {
      waiting.push(event);
      wake();
    };
    this.#listeners.add(listener);
    signal.addEventListener("abort", () => wake(), { once: true });
    try {
      while (!signal.aborted) {
        for (let next = waiting.shift(); next; next = waiting.shift()) yield next;
        if (signal.aborted) return;
        await new Promise<void>((resolve) => wake = resolve);
      }
    } finally {
      this.#listeners.delete(listener);
    }
  }

  async stats(ids: readonly string[]): Promise<ContainerStats[]> {
    return ids.filter((id) => this.containers.get(id)?.state.state === "running")
      .map((id) => ({ id, cpuNanoseconds: 1_000_000, memoryBytes: 1 << 20, processes: 1 }));
  }

  async find(image: string): Promise<ImageInfo | undefined> {
    for (const name of imageCandidates(image)) {
      const found = this.images.get(name);
      if (found) return found;
    }
    return [...this.images.values()].find(({ id }) => id === image);
  }

  async pull(
    image: string,
    _login: RegistryLogin | undefined,
    signal: AbortSignal,
  ): Promise<ImageInfo> {
    signal.throwIfAborted();
    this.pulls.push(image);
    if (!this.registry.has(image)) {
      throw new RuntimeError("Failed", `${image}: manifest unknown`);
    }
    this.addImage(image);
    return this.images.get(normalizeImage(image))!;
  }

  async listImages(): Promise<ImageInfo[]> {
    return [...this.images.values()];
  }

  async removeImage(id: string): Promise<void> {
    for (const [name, image] of this.images) if (image.id === id) this.images.delete(name);
  }

  async exec(id: string, command: readonly string[], timeoutMs: number): Promise<ExecResult> {
    const { state, config } = this.#get(id);
    if (state.state !== "running") throw new RuntimeError("NotRunning", `${id} is not running`);
    const { promise: deadline, reject } = Promise.withResolvers<never>();
    const timer = this.#clock.after(
      timeoutMs,
      () => reject(new RuntimeError("TimedOut", `command timed out after ${timeoutMs / 1000}s`)),
    );
    const answer = this.#options.exec?.(config, command) ?? this.#script(command);
    try {
      const { exitCode = 0, output } = await Promise.race([answer, deadline]);
      return { exitCode, output };
    } finally {
      timer.cancel();
    }
  }

  async execStream(
    id: string,
    command: readonly string[],
    options: StreamOptions,
  ): Promise<ContainerStream> {
    const { state } = this.#get(id);
    if (state.state !== "running") throw new RuntimeError("NotRunning", `${id} is not running`);
    return scriptStream(runScript(command), options);
  }

  async attachStream(id: string, options: StreamOptions): Promise<ContainerStream> {
    const { config } = this.#get(id);
    const command = [...(config.command ?? []), ...(config.args ?? [])];
    return scriptStream(runScript(command), options);
  }

  async dial(): Promise<Duplex> {
    return new PassThrough();
  }

  #script(command: readonly string[]): Promise<ScriptResult> {
    const result = runScript(command);
    return result.exitCode === undefined ? new Promise(() => {}) : Promise.resolve(result);
  }

  #get(id: string): FakeContainer {
    const container = this.containers.get(id);
    if (!container) throw new RuntimeError("NotFound", `no container with ID ${id}`);
    return container;
  }

  #say(type: "started" | "died" | "removed", { state, config }: FakeContainer): void {
    const podUid = config.labels[labelNames.podUid] ?? "";
    for (const listener of this.#listeners) listener({ type, id: state.id, podUid });
  }
}

function scriptStream(script: ScriptResult, options: StreamOptions): ContainerStream {
  const echo = new TransformStream<Uint8Array, Uint8Array>();
  const text = (content: string) => new Blob([content]).stream() as ReadableStream<Uint8Array>;
  const { promise, resolve } = Promise.withResolvers<number>();
  const copies = options.stdin && script.copiesInput;
  if (!copies) resolve(script.exitCode ?? 0);
  const stdout = copies
    ? echo.readable.pipeThrough(new TransformStream({ flush: () => resolve(0) }))
    : text(script.output);
  return {
    stdin: copies ? echo.writable : new WritableStream(),
    stdout,
    stderr: text(""),
    exit: promise,
    resize: () => Promise.resolve(),
    close: () => resolve(0),
  };
}
