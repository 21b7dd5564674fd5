import { dirname } from "node:path/posix";
import { type Clock, sleep } from "../../shared/clock/clock.ts";
import type { LogFiles, OpenLogFile } from "../host/log_files.ts";
import { CriLogReader, type LogSelection } from "./cri_log.ts";

export interface ContainerLogOptions extends LogSelection {
  /** Starts that many lines before the end; absent: at the beginning. */
  readonly tailLines?: number | undefined;
  readonly follow: boolean;
  /** Resolves when the container has written its last line. Asked only to follow. */
  readonly ended: (signal: AbortSignal) => Promise<void>;
}

export interface ContainerLogDependencies {
  readonly files: LogFiles;
  readonly clock: Clock;
}

const blockBytes = 64 * 1024;
/** How often a file is looked at that cannot be watched. */
const unwatchedMs = 1000;
const newline = 0x0a;

/**
 * The text of one container's log file. Following, it goes on through rotation (the file is renamed, a new one takes
 * its name) until the container has ended and everything was read, or `signal` is aborted. The file is read no faster
 * than the text is taken.
 */
export async function* readContainerLog(
  path: string,
  options: ContainerLogOptions,
  { files, clock, signal }: ContainerLogDependencies & { readonly signal: AbortSignal },
): AsyncIterable<Uint8Array> {
  let file = await files.open(path);
  if (!file) return;
  const reader = new CriLogReader(options);
  const changes = options.follow
    ? new Changes(path, options.ended, { files, clock, signal })
    : undefined;
  try {
    let at = await startOf(file, options.tailLines);
    const block = new Uint8Array(blockBytes);
    while (!signal.aborted && !reader.isDone) {
      // Asked before reading: what was written before the end is then surely read.
      const last = changes === undefined || changes.ended;
      changes?.begin();
      const count = await file.read(at, block);
      at += count;
      if (count > 0) {
        const text = reader.push(block.subarray(0, count));
        if (text.length > 0) yield text;
        continue;
      }
      const next = await rotated(file, path, { files, at });
      if (next) {
        file.close();
        file = next;
        at = 0;
      } else if (last) return;
      else await changes.next();
    }
  } finally {
    changes?.close();
    file.close();
  }
}

/** The file that has taken the name; also the same one if it was cut short, to be read from its start. */
async function rotated(
  file: OpenLogFile,
  path: string,
  { files, at }: { readonly files: LogFiles; readonly at: number },
): Promise<OpenLogFile | undefined> {
  const now = await files.open(path);
  if (!now) return undefined;
  if (now.id !== file.id || await now.size() < at) return now;
  now.close();
  return undefined;
}

/** Where the last `lines` lines begin. An unfinished line at the end does not count. */
async function startOf(file: OpenLogFile, lines: number | undefined): Promise<number> {
  if (lines === undefined) return 0;
  const block = new Uint8Array(blockBytes);
  let missing = lines + 1;
  for (let end = await file.size(); end > 0;) {
    const start = Math.max(0, end - blockBytes);
    const count = await readFully(file, start, block.subarray(0, end - start));
    for (let i = count - 1; i >= 0; i--) {
      if (block[i] === newline && --missing === 0) return start + i + 1;
    }
    end = start;
  }
  return 0;
}

async function readFully(file: OpenLogFile, at: number, into: Uint8Array): Promise<number> {
  let filled = 0;
  while (filled < into.length) {
    const count = await file.read(at + filled, into.subarray(filled));
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

/** Says when a file that was read to its end is worth another look. */
class Changes {
  ended = false;
  #changed = false;
  #wake = () => {};
  readonly #stop = new AbortController();
  readonly #unwatch: () => void;

  constructor(
    path: string,
    ended: (signal: AbortSignal) => Promise<void>,
    { files, clock, signal }: ContainerLogDependencies & { readonly signal: AbortSignal },
  ) {
    const change = () => {
      this.#changed = true;
      this.#wake();
    };
    signal.addEventListener("abort", change, { signal: this.#stop.signal });
    ended(this.#stop.signal).catch(() => {}).finally(() => {
      this.ended = true;
      change();
    });
    this.#unwatch = this.#watch(dirname(path), change, { files, clock });
  }

  /** Changes from here on count for the next `next`. */
  begin(): void {
    this.#changed = false;
  }

  async next(): Promise<void> {
    if (this.#changed || this.ended) return;
    await new Promise<void>((resolve) => this.#wake = resolve);
  }

  close(): void {
    this.#stop.abort();
    this.#unwatch();
  }

  #watch(
    directory: string,
    change: () => void,
    { files, clock }: ContainerLogDependencies,
  ): () => void {
    try {
      return files.watch(directory, change);
    } catch {
      // Out of inotify instances: rather late than never.
      const { signal } = this.#stop;
      const tick = (): Promise<void> =>
        sleep(clock, unwatchedMs, signal).then(() => {
          change();
          return tick();
        });
      tick().catch(() => {});
      return () => {};
    }
  }
}
