import { eventually, signal } from "./command.ts";

/** A program that goes on while a test looks at what it says. */
export class Background implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<unknown>;
  /** Everything it said so far, on both streams. */
  text = "";

  constructor(command: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const [program = "", ...args] = command;
    this.#child = new Deno.Command(program, {
      args,
      env,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#reading = Promise.all([
      this.#read(this.#child.stdout),
      this.#read(this.#child.stderr),
    ]);
  }

  /** Waits until it has said something that matches; resolves to the match. */
  says(pattern: RegExp, timeoutMs = 30_000): Promise<RegExpExecArray> {
    return eventually(
      `output like ${pattern}`,
      () => Promise.resolve(pattern.exec(this.text) ?? undefined),
      timeoutMs,
    ).catch((error) => {
      throw new Error(`${(error as Error).message}; it said: ${this.text.slice(-2000)}`);
    });
  }

  /** Ends its standard input and resolves to everything that it said until it ended by itself. */
  async finish(): Promise<string> {
    await this.#child.stdin.close().catch(() => undefined);
    await this.#child.status;
    await this.#reading;
    return this.text;
  }

  /** Its exit code, when it ends by itself. */
  async code(): Promise<number> {
    return (await this.#child.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    signal(this.#child, "SIGKILL");
    await this.#child.stdin.close().catch(() => undefined);
    await this.#child.status;
    await this.#reading;
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) this.text += decoder.decode(chunk, { stream: true });
  }
}
