import type {
  MutatingWebhook,
  ValidatingWebhook,
} from "../../../shared/api/admissionregistration/v1/types.gen.ts";
import type { KubeObject } from "../../../shared/api/kind.ts";
import type { AdmissionReader } from "../plugin.ts";

/** A webhook with the configuration that it stands in. */
export interface ConfiguredWebhook<W extends MutatingWebhook | ValidatingWebhook> {
  readonly webhook: W;
  readonly configuration: string;
  /** Tells it from all others, also those of the same name. */
  readonly id: string;
}

interface Configuration<W> extends KubeObject {
  readonly webhooks?: readonly W[];
}

/** All webhooks of one kind of configuration: configurations by name, within one as they are written. */
export function webhooksOf<W extends MutatingWebhook | ValidatingWebhook>(
  reader: AdmissionReader,
  plural: "mutatingwebhookconfigurations" | "validatingwebhookconfigurations",
): readonly ConfiguredWebhook<W>[] {
  const all = reader.list<Configuration<W>>("admissionregistration.k8s.io", plural);
  if (all.length === 0) return [];
  const sorted = [...all].sort((a, b) => a.metadata.name! < b.metadata.name! ? -1 : 1);
  return sorted.flatMap(({ metadata, webhooks }) => {
    const configuration = metadata.name!;
    const seen = new Map<string, number>();
    return (webhooks ?? []).map((webhook) => {
      const count = seen.get(webhook.name) ?? 0;
      seen.set(webhook.name, count + 1);
      return { webhook, configuration, id: `${configuration}/${webhook.name}/${count}` };
    });
  });
}
