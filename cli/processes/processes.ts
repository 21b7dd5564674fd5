/** Identifies a process for as long as the machine runs: numbers are used again, but not with the same start. */
export interface ProcessId {
  readonly pid: number;
  /** When it started, in clock ticks since boot. */
  readonly started: string;
}

export interface StartOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** Its output is appended here. */
  readonly logFile: string;
}

/** What the command line does with processes that outlive it. */
export interface Processes {
  /** Starts one in a session of its own, so that it goes on when we and our terminal are gone. */
  start(options: StartOptions): Promise<ProcessId>;
  isAlive(id: ProcessId): boolean;
  /** Does nothing if it is gone. */
  signal(id: ProcessId, signal: "SIGTERM" | "SIGKILL"): void;
}

/** The machine's processes. */
export const machineProcesses: Processes = {
  async start({ program, args, logFile }) {
    // The shell only opens the log and becomes the program: Deno itself cannot hand over a file as output.
    const child = new Deno.Command("/bin/sh", {
      args: ["-c", 'log=$1; shift; exec "$@" >>"$log" 2>&1', "sh", logFile, program, ...args],
      cwd: "/",
      clearEnv: true,
      env: environment(),
      stdin: "null",
      stdout: "null",
      stderr: "null",
      detached: true,
    }).spawn();
    child.unref();
    return { pid: child.pid, started: startOf(child.pid) ?? "" };
  },
  isAlive: ({ pid, started }) => startOf(pid) === started,
  signal(id, signal) {
    if (!this.isAlive(id)) return;
    try {
      Deno.kill(id.pid, signal);
    } catch { /* it ended just now */ }
  },
};

/** What Deno needs to find its cache, and what people set to reach the network. */
const passedOn = [
  "PATH",
  "HOME",
  "DENO_DIR",
  "XDG_CACHE_HOME",
  "TZ",
  "SSL_CERT_FILE",
  "NPM_CONFIG_REGISTRY",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
];

/** The C library keeps freed memory apart for each thread, up to many times what is in use: two places are enough. */
const allocator = { MALLOC_ARENA_MAX: "2" };

/** The environment that the server and the agent are started with. */
export function environment(): Record<string, string> {
  const kept = passedOn.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  return { ...Object.fromEntries(kept), NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...allocator };
}

/** Field 22 of /proc/PID/stat (proc(5)); undefined for a process that is gone or has ended. */
function startOf(pid: number): string | undefined {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    // The program's name stands in brackets and may hold anything, also brackets.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
