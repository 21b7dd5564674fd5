import type { Command } from "../command.ts";
import { agent } from "./agent.ts";
import { backup } from "./backup.ts";
import { completion } from "./completion.ts";
import { down } from "./down.ts";
import { get } from "./get.ts";
import { history } from "./history.ts";
import { server } from "./server.ts";
import { status } from "./status.ts";
import { test } from "./test.ts";
import { token } from "./token.ts";
import { uninstall } from "./uninstall.ts";
import { up } from "./up.ts";
import { version } from "./version.ts";
import { why } from "./why.ts";

/** Every command, in the order of help. `help` itself is part of the entry. */
export const commands: readonly Command[] = [
  up,
  down,
  status,
  uninstall,
  server,
  agent,
  token,
  get,
  history,
  backup,
  why,
  test,
  version,
  completion(() => commands),
];
