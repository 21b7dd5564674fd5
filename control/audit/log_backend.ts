import { dirname } from "node:path/posix";
import type { Clock } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import type { AuditBackend, AuditEvent, AuditMetrics } from "./event.ts";

export interface LogBackendOptions {
  readonly path: string;
  /** Days that an old file is kept; 0: for ever. */
  readonly maxAgeDays: number;
  /** Old files at most; 0: any number. */
  readonly maxBackups: number;
  /** Megabytes (2^20) of a file; 0: it grows. */
  readonly maxSizeMb: number;
  /** The request fails whose event cannot be written (mode `blocking-strict`). */
  readonly strict: boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: AuditMetrics;
}

/**
 * Writes events to a file, one JSON object a line, before the request goes on. A file that is full is renamed to
 * `<name>-<time><extension>` and the oldest of those are removed. Throws the file system's error if it cannot be opened.
 */
export function logBackend(options: LogBackendOptions): AuditBackend {
  const { strict, log, metrics } = options;
  const file = new RotatedFile(options);
  return {
    name: "log",
    process(events) {
      try {
        file.write(events.map(lineOf).join(""));
        return true;
      } catch (error) {
        metrics.failed("log", events.length);
        log.error("Audit log cannot be written", error, { lost: events.length });
        return !strict;
      }
    },
    close() {
      file.close();
      return Promise.resolve();
    },
  };
}

function lineOf(event: AuditEvent): string {
  return `${JSON.stringify(event)}\n`;
}

const dayMs = 86_400_000;
const encoder = new TextEncoder();

class RotatedFile {
  readonly #options: LogBackendOptions;
  readonly #limit: number;
  #file: Deno.FsFile;
  #size = 0;

  constructor(options: LogBackendOptions) {
    this.#options = options;
    this.#limit = options.maxSizeMb === 0 ? Infinity : options.maxSizeMb * 1024 * 1024;
    Deno.mkdirSync(dirname(options.path), { recursive: true, mode: 0o700 });
    this.#file = this.#open();
  }

  write(text: string): void {
    const bytes = encoder.encode(text);
    if (this.#size > 0 && this.#size + bytes.length > this.#limit) this.#rotate();
    for (let at = 0; at < bytes.length;) at += this.#file.writeSync(bytes.subarray(at));
    this.#size += bytes.length;
  }

  close(): void {
    this.#file.close();
  }

  #open(): Deno.FsFile {
    const file = Deno.openSync(this.#options.path, { append: true, create: true, mode: 0o600 });
    this.#size = file.statSync().size;
    return file;
  }

  #rotate(): void {
    const { path, clock } = this.#options;
    const { stem, extension } = partsOf(path);
    const at = new Date(clock.now()).toISOString().slice(0, 23).replaceAll(":", "-");
    Deno.renameSync(path, `${stem}-${at}${extension}`);
    const old = this.#file;
    this.#file = this.#open();
    old.close();
    this.#removeOld();
  }

  #removeOld(): void {
    const { path, maxAgeDays, maxBackups, clock, log } = this.#options;
    const oldest = maxAgeDays === 0 ? -Infinity : clock.now() - maxAgeDays * dayMs;
    const backups = backupsOf(path).sort((a, b) => b.at - a.at);
    const kept = maxBackups === 0 ? backups.length : maxBackups;
    for (const [index, { name, at }] of backups.entries()) {
      if (index < kept && at >= oldest) continue;
      try {
        Deno.removeSync(name);
      } catch (error) {
        log.error("Old audit log cannot be removed", error, { path: name });
      }
    }
  }
}

function partsOf(path: string): { readonly stem: string; readonly extension: string } {
  const match = /^(.*\/)?([^/]*?)(\.[^./]*)?$/.exec(path)!;
  return { stem: (match[1] ?? "") + match[2], extension: match[3] ?? "" };
}

/** The files that rotation made of `path`, with the time in their names. */
function backupsOf(path: string): { readonly name: string; readonly at: number }[] {
  const { stem, extension } = partsOf(path);
  const directory = dirname(path);
  return [...Deno.readDirSync(directory)].flatMap((entry) => {
    const name = `${directory}/${entry.name}`;
    if (!name.startsWith(`${stem}-`) || !name.endsWith(extension)) return [];
    const text = name.slice(stem.length + 1, name.length - extension.length);
    const match = /^(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d\.\d{3})$/.exec(text);
    return match ? [{ name, at: Date.parse(`${match[1]}:${match[2]}:${match[3]}Z`) }] : [];
  });
}
