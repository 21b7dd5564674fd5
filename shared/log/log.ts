/** Values that say what a message is about. Never secrets, never whole objects. */
export type Fields = Readonly<Record<string, unknown>>;

/** A logger: the message is a constant sentence, everything that varies goes into fields. */
export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  /** For what an operator must know; `error` keeps its cause. */
  error(message: string, error: unknown, fields?: Fields): void;
  /** A logger that adds `fields` to every line. */
  with(fields: Fields): Log;
}

export type Level = "debug" | "info" | "warn" | "error";
const order: Record<Level, number> = { debug: 0, info: 1, warn: 2, error: 3 };

export interface LogOptions {
  readonly level?: Level;
  /** Receives whole lines without their newline. */
  readonly write: (line: string) => void;
  /** Wall-clock milliseconds. */
  readonly now: () => number;
}

/** One JSON object a line: `time`, `level`, `msg`, then the fields. */
export function jsonLog(options: LogOptions, fields: Fields = {}): Log {
  const least = order[options.level ?? "info"];
  const line = (level: Level, msg: string, more?: Fields) => {
    if (order[level] < least) return;
    const time = new Date(options.now()).toISOString();
    options.write(JSON.stringify({ time, level, msg, ...fields, ...more }));
  };
  return {
    debug: (msg, more) => line("debug", msg, more),
    info: (msg, more) => line("info", msg, more),
    warn: (msg, more) => line("warn", msg, more),
    error: (msg, error, more) => line("error", msg, { error: describe(error), ...more }),
    with: (more) => jsonLog(options, { ...fields, ...more }),
  };
}

/** A logger that says nothing. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silentLog,
};

/** An error with its causes, outermost first, in one line. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `: ${describe(error.cause)}`;
  return `${error.message || error.name}${cause}`;
}
