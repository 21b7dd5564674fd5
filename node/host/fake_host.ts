import type { CommandOptions, CommandResult, Host, RunningCommand } from "./host.ts";

/** One program run, as tests see it. */
export interface RecordedCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly stdin: string | undefined;
  readonly env: Readonly<Record<string, string>> | undefined;
}

/** What a fake program answers: text is standard output of a success. */
export type FakeAnswer = string | { readonly code: number; readonly stderr: string } | undefined;

/**
 * A recorder for tests: keeps every command and answers by `respond` (default: success without output).
 * `spawn` gives a program that runs until it is killed.
 */
export class FakeHost implements Host {
  readonly commands: RecordedCommand[] = [];
  readonly #respond: (command: RecordedCommand) => FakeAnswer | Promise<FakeAnswer>;

  constructor(respond: (command: RecordedCommand) => FakeAnswer | Promise<FakeAnswer> = () => "") {
    this.#respond = respond;
  }

  /** Commands as lines, for comparing. */
  get lines(): string[] {
    return this.commands.map(({ program, args }) => [program, ...args].join(" "));
  }

  async run(
    program: string,
    args: readonly string[],
    options: CommandOptions = {},
  ): Promise<CommandResult> {
    const command = this.#record(program, args, options);
    const answer = (await this.#respond(command)) ?? "";
    if (typeof answer === "string") {
      return { code: 0, stdout: new TextEncoder().encode(answer), stderr: "" };
    }
    return { code: answer.code, stdout: new Uint8Array(), stderr: answer.stderr };
  }

  async output(
    program: string,
    args: readonly string[],
    options: CommandOptions = {},
  ): Promise<string> {
    const { code, stdout, stderr } = await this.run(program, args, options);
    if (code !== 0) throw new Error(`Cannot run ${program} ${args[0] ?? ""}: ${stderr}`);
    return new TextDecoder().decode(stdout);
  }

  spawn(program: string, args: readonly string[], options: CommandOptions = {}): RunningCommand {
    this.#record(program, args, options);
    const { promise, resolve } = Promise.withResolvers<number>();
    const empty = () => new ReadableStream<Uint8Array>({ start: (stream) => stream.close() });
    return {
      pid: 1000 + this.commands.length,
      stdin: new WritableStream(),
      stdout: empty(),
      stderr: empty(),
      exit: promise,
      kill: (signal) => resolve(signal === "SIGKILL" ? 137 : 143),
    };
  }

  pathOf(program: string): string {
    return `/usr/bin/${program}`;
  }

  async has(): Promise<boolean> {
    return true;
  }

  #record(program: string, args: readonly string[], options: CommandOptions): RecordedCommand {
    const { stdin } = options;
    const command = {
      program,
      args,
      stdin: stdin instanceof Uint8Array ? new TextDecoder().decode(stdin) : stdin,
      env: options.env,
    };
    this.commands.push(command);
    return command;
  }
}
