/** Starts a program whose output is appended to a file. The child is the program itself, so signals reach it. */
export function startLogged(
  command: readonly string[],
  logFile: string,
): Deno.ChildProcess {
  const script = 'log=$1; shift; exec "$@" >>"$log" 2>&1';
  return new Deno.Command("sh", {
    args: ["-c", script, "sh", logFile, ...command],
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
}
