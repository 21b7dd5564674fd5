import { type Clock, systemClock } from "../../shared/clock/clock.ts";
import type { CommandOptions, CommandResult, Host, RunningCommand } from "./host.ts";

/** Every program the agent may run. A name not here is refused before anything starts. */
export const allowedPrograms: readonly string[] = [
  "conntrack",
  "crun",
  "deno",
  "ip",
  "ip6tables",
  "ip6tables-legacy",
  "ip6tables-legacy-restore",
  "ip6tables-legacy-save",
  "ip6tables-nft",
  "ip6tables-nft-restore",
  "ip6tables-nft-save",
  "ip6tables-restore",
  "ip6tables-save",
  "ipset",
  "iptables",
  "iptables-legacy",
  "iptables-legacy-restore",
  "iptables-legacy-save",
  "iptables-nft",
  "iptables-nft-restore",
  "iptables-nft-save",
  "iptables-restore",
  "iptables-save",
  "ipvsadm",
  "modprobe",
  "mount",
  "nft",
  "nsenter",
  "podman",
  "runc",
  "umount",
  "unshare",
  "wg",
];

const searchPath = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

export interface DenoHostOptions {
  /** Directories whose programs may be run by absolute path: where CNI plugins are installed. */
  readonly pluginDirectories?: readonly string[];
  readonly clock?: Clock;
}

/**
 * Runs programs of the fixed list on this machine. `deno` means the program we are running in. The environment is
 * not passed on: programs get PATH, HOME and what the call names.
 */
export class DenoHost implements Host {
  readonly #options: DenoHostOptions;
  readonly #clock: Clock;
  readonly #found = new Map<string, string>();

  constructor(options: DenoHostOptions = {}) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  async run(
    program: string,
    args: readonly string[],
    options: CommandOptions = {},
  ): Promise<CommandResult> {
    const timeoutMs = options.timeoutMs ?? 60_000;
    const deadline = new AbortController();
    const timer = this.#clock.after(timeoutMs, () => deadline.abort());
    const signal = options.signal
      ? AbortSignal.any([options.signal, deadline.signal])
      : deadline.signal;
    try {
      const child = this.#command(program, args, options, signal).spawn();
      const feeding = feed(child.stdin, options.stdin);
      const [{ code, stdout, stderr }] = await Promise.all([child.output(), feeding]);
      if (options.signal?.aborted) throw options.signal.reason;
      if (deadline.signal.aborted) {
        throw new Error(`Cannot run ${program}: no end after ${timeoutMs} ms`);
      }
      return { code, stdout, stderr: new TextDecoder().decode(stderr) };
    } finally {
      timer.cancel();
    }
  }

  async output(
    program: string,
    args: readonly string[],
    options: CommandOptions = {},
  ): Promise<string> {
    const { code, stdout, stderr } = await this.run(program, args, options);
    if (code !== 0) {
      throw new Error(`Cannot run ${program} ${args[0] ?? ""}: ${stderr.trim() || `exit ${code}`}`);
    }
    return new TextDecoder().decode(stdout);
  }

  spawn(program: string, args: readonly string[], options: CommandOptions = {}): RunningCommand {
    const child = this.#command(program, args, options, options.signal).spawn();
    return {
      pid: child.pid,
      stdin: child.stdin,
      stdout: child.stdout,
      stderr: child.stderr,
      exit: child.status.then((status) => status.code),
      kill(signal) {
        try {
          child.kill(signal);
        } catch { /* it has ended by itself */ }
      },
    };
  }

  pathOf(program: string): string {
    return this.#resolve(program);
  }

  async has(program: string): Promise<boolean> {
    try {
      this.#resolve(program);
      return true;
    } catch {
      return false;
    }
  }

  #command(
    program: string,
    args: readonly string[],
    options: CommandOptions,
    signal: AbortSignal | undefined,
  ): Deno.Command {
    const path = this.#resolve(program);
    return new Deno.Command(path, {
      args: [...args],
      clearEnv: true,
      env: { PATH: searchPath.join(":"), HOME: "/root", LC_ALL: "C", ...options.env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      ...(signal && { signal }),
    });
  }

  #resolve(program: string): string {
    if (program === "deno") return Deno.execPath();
    if (program.startsWith("/")) return this.#plugin(program);
    if (!allowedPrograms.includes(program)) {
      throw new Error(`Cannot run ${program}: not a program of this agent`);
    }
    const known = this.#found.get(program);
    if (known) return known;
    const path = searchPath.map((directory) => `${directory}/${program}`).find(isProgram);
    if (!path) throw new Error(`Cannot run ${program}: not installed`);
    this.#found.set(program, path);
    return path;
  }

  #plugin(path: string): string {
    const slash = path.lastIndexOf("/");
    const directory = path.slice(0, slash);
    if (!this.#options.pluginDirectories?.includes(directory)) {
      throw new Error(`Cannot run ${path}: not a plugin directory`);
    }
    if (!isProgram(path)) throw new Error(`Cannot run ${path}: not installed`);
    return path;
  }
}

function isProgram(path: string): boolean {
  try {
    const info = Deno.statSync(path);
    return info.isFile && ((info.mode ?? 0) & 0o111) !== 0;
  } catch {
    return false;
  }
}

/** Writes the input and closes it. A program that ends without reading it is no failure. */
async function feed(
  stdin: WritableStream<Uint8Array>,
  input: string | Uint8Array | undefined,
): Promise<void> {
  const writer = stdin.getWriter();
  try {
    if (input !== undefined) {
      await writer.write(typeof input === "string" ? new TextEncoder().encode(input) : input);
    }
    await writer.close();
  } catch { /* the pipe broke: its exit code tells the story */ }
}

/** Kills a process of a container by its ID on this machine. Fine if it is gone. */
export function killProcess(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch { /* gone, or never ours */ }
}
