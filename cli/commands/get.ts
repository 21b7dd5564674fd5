import { pathOf } from "../../shared/client/resource.ts";
import type { NamedResource } from "../../shared/client/discovery.ts";
import type { Transport } from "../../shared/client/transport.ts";
import { UsageError } from "../../shared/config/arguments.ts";
import { asOfParameter } from "../objects/as_of.ts";
import { type PrintedTable, tableLines } from "../objects/columns.ts";
import { objectFlags, read, withObjects } from "../objects/object_api.ts";
import { findResource, splitNames } from "../objects/resource_names.ts";
import type { Command, Context } from "../command.ts";
import { dataDirFlag } from "../inputs.ts";

const flags = {
  asOf: {
    flag: "--as-of",
    value: "WHEN",
    help:
      "the state then: a revision, a time such as 2026-01-02T15:04:05Z, or how long ago, such as 30m",
  },
  everywhere: { flag: "--all-namespaces", short: "-A", help: "of all namespaces" },
  selector: {
    flag: "--selector",
    short: "-l",
    value: "LABELS",
    help: "only those with these labels",
  },
  output: {
    flag: "--output",
    short: "-o",
    value: "FORM",
    help: "table, wide, json or yaml (default: table)",
  },
} as const;
const forms = ["table", "wide", "json", "yaml"];
const tableType = "application/json;as=Table;v=v1;g=meta.k8s.io";

interface Asked {
  readonly name: string | undefined;
  readonly namespace: string | undefined;
  readonly query: string;
  readonly form: string;
}

/** `coracle get`: objects as they are, or as they were. */
export const get: Command = {
  name: "get",
  usage: "RESOURCE [NAME]",
  summary: "show objects as they are, or with --as-of as they were",
  description:
    "Shows objects of a resource (deployments, deploy, pods …) or one of them. With --as-of it shows the state as of a " +
    "revision or time, as far back as the server keeps its log (coracle server --history-age, --history-bytes). The " +
    "rights that count are those of now.",
  flags: [...Object.values(flags), ...Object.values(objectFlags), dataDirFlag],
  maxWords: 2,
  async run({ flags: given, positionals }, context) {
    const { resource, name } = splitNames(positionals);
    if (!resource) throw new UsageError("a resource is needed: get RESOURCE [NAME]");
    const form = given[flags.output.flag] ?? "table";
    if (!forms.includes(form)) {
      throw new UsageError(`flag --output must be one of ${forms.join(", ")}`);
    }
    const search = searchOf(given, context);
    return await withObjects(given, context, async (transport, resources) => {
      const found = findResource(resources, resource);
      const everywhere = given[flags.everywhere.flag] === "true";
      const namespace = everywhere ? undefined : given[objectFlags.namespace.flag] ?? "default";
      await show(transport, found, { name, namespace, query: search, form }, context);
      return 0;
    });
  },
};

function searchOf(given: Readonly<Record<string, string>>, { clock }: Context): string {
  const search = new URLSearchParams();
  const when = given[flags.asOf.flag];
  if (when !== undefined) {
    const asOf = asOfParameter(when, clock.now());
    if (asOf === undefined) {
      throw new UsageError(
        "flag --as-of must be a revision, a time such as 2026-01-02T15:04:05Z, or how long ago, such as 30m",
      );
    }
    search.set("asOf", asOf);
  }
  const selector = given[flags.selector.flag];
  if (selector !== undefined) search.set("labelSelector", selector);
  return search.size === 0 ? "" : `?${search}`;
}

async function show(
  transport: Transport,
  resource: NamedResource,
  { name, namespace, query, form }: Asked,
  { print }: Context,
): Promise<void> {
  if (name !== undefined && namespace === undefined && resource.namespaced) {
    throw new UsageError("one object is in one namespace: --all-namespaces is for lists");
  }
  const path = pathOf(resource, { namespace, name }) + query;
  if (form === "yaml" || form === "json") {
    const text = await read(transport, path, { accept: `application/${form}` });
    return print(form === "yaml" ? text.trimEnd() : JSON.stringify(JSON.parse(text), null, 2));
  }
  const table = JSON.parse(await read(transport, path, { accept: tableType })) as PrintedTable;
  if (table.rows.length === 0) {
    return print(
      namespace && resource.namespaced
        ? `No resources found in ${namespace} namespace.`
        : "No resources found",
    );
  }
  const withNamespace = namespace === undefined && resource.namespaced;
  for (const line of tableLines(table, { wide: form === "wide", withNamespace })) print(line);
}
