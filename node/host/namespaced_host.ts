import type { CommandOptions, CommandResult, Host, RunningCommand } from "./host.ts";

/**
 * Runs every program inside a network namespace that is not the agent's own: several nodes on one machine, each
 * with its own interfaces, routes and rules. Mounts stay shared, unlike with `ip netns exec`.
 */
export class NamespacedHost implements Host {
  readonly #inner: Host;
  readonly #enter: readonly string[];

  constructor(inner: Host, namespacePath: string) {
    this.#inner = inner;
    this.#enter = [`--net=${namespacePath}`, "--"];
  }

  run(
    program: string,
    args: readonly string[],
    options?: CommandOptions,
  ): Promise<CommandResult> {
    return this.#inner.run("nsenter", this.#entered(program, args), options);
  }

  output(program: string, args: readonly string[], options?: CommandOptions): Promise<string> {
    return this.#inner.output("nsenter", this.#entered(program, args), options);
  }

  spawn(program: string, args: readonly string[], options?: CommandOptions): RunningCommand {
    return this.#inner.spawn("nsenter", this.#entered(program, args), options);
  }

  has(program: string): Promise<boolean> {
    return this.#inner.has(program);
  }

  pathOf(program: string): string {
    return this.#inner.pathOf(program);
  }

  #entered(program: string, args: readonly string[]): string[] {
    return [...this.#enter, this.#inner.pathOf(program), ...args];
  }
}
