import { UsageError } from "../../shared/config/arguments.ts";
import { parseTimeSpan } from "../../shared/config/time_span.ts";
import { caHashOf, formatJoinToken } from "../../shared/join_token/join_token.ts";
import { type Api, connect } from "../cluster/api.ts";
import { createToken, deleteToken, listTokens } from "../cluster/join_tokens.ts";
import type { Command, Context } from "../command.ts";
import { dataDirFlag, dataDirOf } from "../inputs.ts";
import { layoutOf } from "../layout.ts";

const flags = {
  kubeconfig: {
    flag: "--kubeconfig",
    value: "FILE",
    help: "administrator's kubeconfig (default: DIR/admin.kubeconfig)",
  },
  ttl: {
    flag: "--ttl",
    value: "TIME",
    help: "lifetime such as 30m, 24h or 7d; 0 for ever (default: 24h)",
  },
  description: { flag: "--description", value: "TEXT", help: "what the token is for" },
} as const;

/** `coracle token`: who may join. */
export const token: Command = {
  name: "token",
  usage: "create | list | delete ID",
  summary: "make, list and take back the tokens with which machines join",
  description:
    "create prints a token for coracle agent --token; list shows all without their secrets; delete takes one back " +
    "(machines that have joined stay).",
  flags: [dataDirFlag, ...Object.values(flags)],
  words: ["create", "list", "delete"],
  maxWords: 2,
  async run({ flags: given, positionals: [verb, id] }, context) {
    if (verb === undefined || !this.words!.includes(verb)) {
      throw new UsageError(
        `${verb ? `unknown word "${verb}"` : "a word is needed"}: create, list or delete`,
      );
    }
    if ((verb === "delete") !== (id !== undefined)) {
      throw new UsageError(
        id === undefined ? "an ID is needed: delete ID" : `too many words: "${id}"`,
      );
    }
    const ttlMs = parseTimeSpan(given[flags.ttl.flag] ?? "24h");
    if (ttlMs === undefined) {
      throw new UsageError("flag --ttl must be a time such as 30m, 24h or 7d");
    }
    const path = given[flags.kubeconfig.flag] ?? layoutOf(dataDirOf(given)).kubeconfig;
    const api = connect(path);
    try {
      if (verb === "list") return await list(api, context);
      // The public part is enough, but people paste what they have.
      if (verb === "delete") return await remove(api, id!.split(".")[0]!, context);
      const description = given[flags.description.flag] ?? "";
      const made = await createToken(api.client, { clock: context.clock, ttlMs, description });
      context.print(formatJoinToken({ ...made, caHash: await caHashOf(api.caPem) }));
      return 0;
    } finally {
      api.transport.close();
    }
  },
};

async function list({ client }: Api, { clock, print }: Context): Promise<number> {
  const tokens = await listTokens(client, clock);
  print("ID      EXPIRES               DESCRIPTION");
  for (const { id, expires, expired, description } of tokens) {
    const when = expired ? "expired" : expires || "never";
    print(`${id}  ${when.padEnd(20)}  ${description}`.trimEnd());
  }
  return 0;
}

async function remove({ client }: Api, id: string, { print }: Context): Promise<number> {
  if (!await deleteToken(client, id)) throw new Error(`Cannot delete token ${id}: there is none`);
  print(`Deleted token ${id}`);
  return 0;
}
