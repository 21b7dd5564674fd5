import type { Clock } from "../clock/clock.ts";
import type { Setting } from "../config/settings.ts";
import { jsonLog, type Level, type Log } from "../log/log.ts";
import { boundLogFile } from "../log/log_file.ts";

/** Settings that every process of ours has. */
export interface ProcessConfig {
  readonly logLevel: string;
  /** The file that whoever starts the process appends its output to; "" means that nobody bounds it here. */
  readonly logFile: string;
}

/** The settings of `ProcessConfig`. */
export const processSettings: readonly Setting<keyof ProcessConfig>[] = [
  {
    key: "logLevel",
    flag: "--log-level",
    value: "LEVEL",
    default: "info",
    help: "debug, info, warn or error",
    check: (value) =>
      ["debug", "info", "warn", "error"].includes(value)
        ? undefined
        : "one of debug, info, warn, error",
  },
  {
    key: "logFile",
    flag: "--log-file",
    value: "FILE",
    default: "",
    help: "file that the output is appended to, to be kept under 10 MB",
  },
];

/** A part of the cluster that runs until it is stopped. */
interface Running {
  stop(): Promise<void>;
}

/**
 * Runs a whole process: starts it with a log on standard output, stops it at SIGTERM or SIGINT (the second of them
 * ends it at once), and ends with code 1 and one clear line if it cannot start.
 */
export async function runProcess(
  config: ProcessConfig,
  { name, clock, start }: {
    readonly name: string;
    readonly clock: Clock;
    readonly start: (log: Log) => Promise<Running>;
  },
): Promise<void> {
  const level = config.logLevel as Level;
  const log = jsonLog({ level, write: console.log, now: () => clock.now() });
  const stopping = new AbortController();
  const stop = Promise.withResolvers<void>();
  const onSignal = () => {
    if (stopping.signal.aborted) Deno.exit(1);
    stopping.abort();
    stop.resolve();
  };
  Deno.addSignalListener("SIGTERM", onSignal);
  Deno.addSignalListener("SIGINT", onSignal);
  try {
    const running = await start(log);
    const bounding = config.logFile
      ? boundLogFile(config.logFile, { clock, log, signal: stopping.signal })
      : Promise.resolve();
    await stop.promise;
    log.info("Stopping", { process: name });
    await running.stop();
    await bounding;
    Deno.exit(0);
  } catch (error) {
    fail(error);
  }
}

/** Ends the process with one line that says why. */
export function fail(error: unknown): never {
  const { message } = error instanceof Error ? error : { message: String(error) };
  console.error(`coracle: ${message}`);
  Deno.exit(1);
}
