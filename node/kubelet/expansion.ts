/**
 * Replaces `$(NAME)` by the variable's value, as commands, arguments and environment values allow. A name that is
 * unknown stays as it is written, and `$$(NAME)` stands for the text `$(NAME)`.
 */
export function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (whole, name: string | undefined) => {
    if (name === undefined) return "$";
    return variables.get(name) ?? whole;
  });
}
