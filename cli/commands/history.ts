import type { HistoryAnswer } from "../../control/endpoints/past/object_history.ts";
import { pathOf } from "../../shared/client/resource.ts";
import { UsageError } from "../../shared/config/arguments.ts";
import { diffLines, historyLines } from "../history/history_lines.ts";
import { objectFlags, read, withObjects } from "../objects/object_api.ts";
import { findResource, splitNames } from "../objects/resource_names.ts";
import type { Command } from "../command.ts";
import { dataDirFlag } from "../inputs.ts";

const diffFlag = {
  flag: "--diff",
  help: "show every field that changed, before and after",
} as const;

/** `coracle history`: what became of an object. */
export const history: Command = {
  name: "history",
  usage: "RESOURCE/NAME",
  summary: "list the changes of an object: when, by whom, what",
  description:
    "Lists the changes of everything that had this name, deletions included, the oldest first and at most the newest 100, " +
    "as far back as the server keeps its log (coracle server --history-age, --history-bytes). BY is the manager of the " +
    "fields that changed. Whoever may get the object may see its history.",
  flags: [diffFlag, ...Object.values(objectFlags), dataDirFlag],
  maxWords: 2,
  async run({ flags, positionals }, context) {
    const { resource, name } = splitNames(positionals);
    if (!resource || !name) throw new UsageError("an object is needed: history RESOURCE/NAME");
    return await withObjects(flags, context, async (transport, resources) => {
      const found = findResource(resources, resource);
      const namespace = flags[objectFlags.namespace.flag] ?? "default";
      const path = `${pathOf(found, { namespace, name })}?history=true`;
      const answer = JSON.parse(await read(transport, path)) as HistoryAnswer;
      const lines = flags[diffFlag.flag] === "true" ? diffLines(answer) : historyLines(answer);
      for (const line of lines) context.print(line);
      return 0;
    });
  },
};
