/** How a program ended. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}
export interface CommandOptions {
  /** Written to the program's standard input, which is then closed. */
  readonly stdin?: string | Uint8Array;
  readonly signal?: AbortSignal;
  /** Killed after this long; default 60 s. Nothing on a node may hang for ever. */
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}
/** A program that goes on running beside us. */
export interface RunningCommand {
  readonly pid: number;
  readonly stdin: WritableStream<Uint8Array>;
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  readonly exit: Promise<number>;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

/**
 * The only way from decisions to programs. Arguments are arrays, never a shell line; the program must be on the
 * host's fixed list. Tests pass a recorder.
 */
export interface Host {
  /** Runs to the end. Resolves for every exit code; rejects if it cannot be started or timed out. */
  run(program: string, args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** As `run`, but rejects with the program's stderr when the code is not 0; resolves to stdout as text. */
  output(program: string, args: readonly string[], options?: CommandOptions): Promise<string>;
  spawn(program: string, args: readonly string[], options?: CommandOptions): RunningCommand;
  /** Whether the program is installed. */
  has(program: string): Promise<boolean>;
  /** Where the program is, for handing it to another one (`nsenter … <path>`). Throws if it is not installed. */
  pathOf(program: string): string;
}
