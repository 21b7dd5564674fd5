import { type Clock, sleep } from "../../shared/clock/clock.ts";
import { shortenLogFile } from "../../shared/log/log_file.ts";
import type { Layout } from "../layout.ts";
import type { Processes, ProcessId } from "./processes.ts";

const POLL_MS = 20;
/** How long a killed process may take to be gone. */
const KILL_MS = 5_000;

/** A process of ours that runs in the background: `server` or `agent`, with its record in `run/` and its log in `log/`. */
export class Daemon {
  readonly name: "server" | "agent";
  readonly logFile: string;
  readonly #record: string;
  readonly #processes: Processes;
  readonly #clock: Clock;

  constructor(
    name: "server" | "agent",
    layout: Layout,
    { processes, clock }: { readonly processes: Processes; readonly clock: Clock },
  ) {
    this.name = name;
    this.logFile = `${layout.logDir}/${name}.log`;
    this.#record = `${layout.runDir}/${name}.pid`;
    this.#processes = processes;
    this.#clock = clock;
  }

  /** Undefined if it does not run. */
  find(): ProcessId | undefined {
    const id = this.#read();
    if (!id || !this.#processes.isAlive(id)) return undefined;
    return { pid: id.pid, started: id.started };
  }

  /**
   * Says that it runs already, and if so with other settings than these; undefined if it does not run. `settings` is
   * what it was, or would be, started with.
   */
  alreadyRuns(title: string, settings: readonly string[]): string | undefined {
    const id = this.find();
    if (!id) return undefined;
    const text = `${title} runs already (process ${id.pid})`;
    if (this.#read()?.settings === JSON.stringify(settings)) return text;
    return `${text} with other settings; yours take effect after coracle down`;
  }

  /** Starts it; the log of earlier runs is kept, but not without bounds. */
  async start(
    program: string,
    { args, settings }: { readonly args: readonly string[]; readonly settings: readonly string[] },
  ): Promise<ProcessId> {
    await shortenLogFile(this.logFile, 1024 * 1024);
    const id = await this.#processes.start({ program, args, logFile: this.logFile });
    const record = `${id.pid} ${id.started}\n${JSON.stringify(settings)}\n`;
    await Deno.writeTextFile(this.#record, record, { mode: 0o600 });
    return id;
  }

  /** Asks it to end, and kills it if it has not after `graceMs`. Resolves to whether it ran. */
  async stop(graceMs: number): Promise<boolean> {
    const id = this.find();
    if (id) {
      this.#processes.signal(id, "SIGTERM");
      if (!await this.#gone(id, graceMs)) {
        this.#processes.signal(id, "SIGKILL");
        if (!await this.#gone(id, KILL_MS)) {
          throw new Error(`Cannot stop the ${this.name}: process ${id.pid} does not end`);
        }
      }
    }
    await Deno.remove(this.#record).catch(() => undefined);
    return id !== undefined;
  }

  /** What it said last that explains its end: the last line that is no log entry, else the last error logged. */
  async lastWords(): Promise<string> {
    const text = await Deno.readTextFile(this.logFile).catch(() => "");
    return lastWordsOf(text.slice(-20_000)) ?? "it said nothing";
  }

  async #gone(id: ProcessId, withinMs: number): Promise<boolean> {
    for (let waited = 0; waited <= withinMs; waited += POLL_MS) {
      if (!this.#processes.isAlive(id)) return true;
      await sleep(this.#clock, POLL_MS);
    }
    return false;
  }

  #read(): (ProcessId & { readonly settings: string | undefined }) | undefined {
    try {
      const [first = "", settings] = Deno.readTextFileSync(this.#record).split("\n");
      const [pid, started] = first.split(" ");
      return pid && started ? { pid: Number(pid), started, settings } : undefined;
    } catch {
      return undefined;
    }
  }
}

/** See `Daemon.lastWords`. */
export function lastWordsOf(text: string): string | undefined {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const plain = lines.findLast((line) => line.startsWith("coracle: "));
  if (plain) return plain.slice("coracle: ".length);
  const thrown = lines.findLast((line) => /^(error|Uncaught)\b/i.test(line));
  if (thrown) return thrown;
  for (const line of lines.toReversed()) {
    const entry = parseEntry(line);
    if (entry?.level === "error") return [entry.msg, entry.error].filter(Boolean).join(": ");
  }
  return undefined;
}

interface Entry {
  readonly level?: string;
  readonly msg?: string;
  readonly error?: string;
}

function parseEntry(line: string): Entry | undefined {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return undefined;
  }
}
