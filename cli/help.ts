import type { Flag } from "../shared/config/arguments.ts";
import type { Command } from "./command.ts";

const WIDTH = 96;

/** The list of commands. */
export function overview(commands: readonly Command[]): string {
  const longest = Math.max(...commands.map(({ name }) => name.length));
  return [
    "Coracle: the Kubernetes API in one small program.",
    "",
    "Usage: coracle COMMAND [flags]",
    "",
    ...commands.map(({ name, summary }) => `  ${name.padEnd(longest)}  ${summary}`),
    "",
    "coracle COMMAND --help tells more about one of them.",
  ].join("\n");
}

/** All about one command. */
export function commandHelp(command: Command): string {
  const usage = ["coracle", command.name, command.usage, command.flags.length > 0 ? "[flags]" : ""];
  return [
    `Usage: ${usage.filter(Boolean).join(" ")}`,
    "",
    ...wrap(command.description, 0),
    ...(command.flags.length > 0 ? ["", "Flags:", ...flagLines(command.flags)] : []),
  ].join("\n");
}

function flagLines(flags: readonly Flag[]): string[] {
  const names = flags.map(({ flag, short, value }) =>
    [short ? `${flag}, ${short}` : flag, value].filter(Boolean).join(" ")
  );
  const longest = Math.max(...names.map((name) => name.length));
  return flags.flatMap((flag, index) => {
    const [first = "", ...rest] = wrap(flag.help + defaultOf(flag), longest + 4);
    const indent = " ".repeat(longest + 4);
    return [`  ${names[index]!.padEnd(longest)}  ${first}`, ...rest.map((line) => indent + line)];
  });
}

/** Settings know their default; what has none or says it itself gets no remark. */
function defaultOf(flag: Flag & { readonly default?: unknown }): string {
  const { default: standard, help } = flag;
  const text = String(standard ?? "");
  return text === "" || typeof standard === "boolean" || help.includes("default:")
    ? ""
    : ` (default: ${text})`;
}

function wrap(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
