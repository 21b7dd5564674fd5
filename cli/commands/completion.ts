import { UsageError } from "../../shared/config/arguments.ts";
import type { Command } from "../command.ts";

type Shell = "bash" | "zsh" | "fish";
const shells: readonly Shell[] = ["bash", "zsh", "fish"];

/** `coracle completion`: for people who press Tab. It is given the other commands, because it is one of them. */
export function completion(commands: () => readonly Command[]): Command {
  return {
    name: "completion",
    usage: shells.join(" | "),
    summary: "print a script that completes words in a shell",
    description:
      'Prints a script for the shell. Try it: eval "$(coracle completion bash)". To keep it, put that line into ~/.bashrc, ' +
      "or the output where the shell looks for completions.",
    flags: [],
    words: shells,
    maxWords: 1,
    run({ positionals: [shell] }, { print }) {
      const script = shells.find((known) => known === shell);
      if (!script) throw new UsageError(`a shell is needed: ${shells.join(", ")}`);
      print(completionScript(script, commands()));
      return Promise.resolve(0);
    },
  };
}

/** The script for one shell. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  switch (shell) {
    case "bash":
      return bash(commands);
    case "zsh":
      return `#compdef coracle\nautoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`;
    case "fish":
      return fish(commands);
  }
}

function bash(commands: readonly Command[]): string {
  const cases = commands.map(({ name, flags, words = [] }) =>
    `    ${name}) words="${[...words, ...flags.map(({ flag }) => flag), "--help"].join(" ")}" ;;`
  );
  return [
    "_coracle() {",
    '  local current="${COMP_WORDS[COMP_CWORD]}" words=""',
    '  case "${COMP_WORDS[1]}" in',
    ...cases,
    "  esac",
    `  [ "$COMP_CWORD" -eq 1 ] && words="${commands.map(({ name }) => name).join(" ")}"`,
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    "}",
    "complete -o default -F _coracle coracle",
  ].join("\n");
}

function fish(commands: readonly Command[]): string {
  return commands.flatMap(({ name, summary, flags, words = [] }) => {
    const inside = `complete -c coracle -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c coracle -n __fish_use_subcommand -f -a ${name} -d ${single(summary)}`,
      ...words.map((word) => `${inside} -f -a ${word}`),
      ...flags.map(({ flag, value, help }) =>
        `${inside} -l ${flag.slice(2)}${value === undefined ? "" : " -r"} -d ${single(help)}`
      ),
    ];
  }).join("\n");
}

function single(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
