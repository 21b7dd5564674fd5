/** What a program said before it ended. */
export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Text for standard input; none: it is empty. */
  readonly stdin?: string;
  /** The program is killed after this time and counts as code 124, as timeout(1) has it. Default 60 s. */
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program to its end. Throws only if there is no such program. */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<Output> {
  const [program = "", ...args] = command;
  const { stdin, timeoutMs = 60_000, env = {} } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  const child = new Deno.Command(program, {
    args,
    env,
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const kill = () => signal(child, "SIGKILL");
  timeout.addEventListener("abort", kill);
  try {
    if (stdin !== undefined) await feed(child.stdin, stdin);
    const { code, stdout, stderr } = await child.output();
    return {
      code: timeout.aborted ? 124 : code,
      stdout: new TextDecoder().decode(stdout),
      stderr: new TextDecoder().decode(stderr) + (timeout.aborted ? "\n(killed: too slow)" : ""),
    };
  } finally {
    timeout.removeEventListener("abort", kill);
  }
}

/** Runs a program that must succeed; resolves to its standard output. */
export async function output(command: readonly string[], options?: RunOptions): Promise<string> {
  const { code, stdout, stderr } = await run(command, options);
  if (code === 0) return stdout;
  throw new Error(`${command.join(" ")} ended with code ${code}: ${stderr.trim()}`);
}

/** Sends a signal; fine if the process has ended. */
export function signal(
  child: { kill(name?: Deno.Signal): void },
  name: Deno.Signal,
): void {
  try {
    child.kill(name);
  } catch { /* it has ended */ }
}

/** Asks again and again until `ask` gives something that is not undefined or false; throws when the time is over. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  timeoutMs = 30_000,
  everyMs = 50,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > end) throw new Error(`Waited ${timeoutMs / 1000} s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

async function feed(stream: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stream.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch { /* the program did not want to hear it; its exit code tells */ }
}
