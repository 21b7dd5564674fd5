/** What a fake program does. */
export interface ScriptResult {
  /** Undefined: it goes on running. */
  readonly exitCode: number | undefined;
  readonly output: string;
  /** Copies its input to its output until the input ends. */
  readonly copiesInput?: boolean;
}

/**
 * Plays the few commands that tests give to `sh -c`: `echo WORDS`, `exit N`, `cat`, `true`, `false`, joined by `;`.
 * Anything else (`sleep`) goes on running.
 */
export function runScript(command: readonly string[]): ScriptResult {
  const text = command[0] === "sh" && command[1] === "-c" ? command[2] ?? "" : command.join(" ");
  let output = "";
  for (const step of text.split(";").map((part) => part.trim())) {
    const [verb, ...words] = step.split(/\s+/);
    if (verb === "echo") output += `${words.join(" ")}\n`;
    else if (verb === "exit") return { exitCode: Number(words[0] ?? 0), output };
    else if (verb === "false") return { exitCode: 1, output };
    else if (verb === "cat") return { exitCode: 0, output, copiesInput: true };
    else if (verb !== "true") return { exitCode: undefined, output };
  }
  return { exitCode: 0, output };
}
