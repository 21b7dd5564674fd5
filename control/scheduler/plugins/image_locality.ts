import { maxNodeScore, type Plugin, type PluginHandle, skip } from "../framework.ts";

const MiB = 1024 * 1024;
/** Less than this is fetched quickly from anywhere. */
const minThreshold = 23 * MiB;
/** Of each container: more makes no difference. */
const maxContainerThreshold = 1000 * MiB;

interface Wanted {
  readonly name: string;
  /** The share of nodes that have it: a rare image must not draw all pods to one node. */
  readonly spread: number;
}
interface Images {
  readonly wanted: readonly Wanted[];
  /** Containers and image volumes. */
  readonly sources: number;
}

/** Prefers nodes that have the pod's images already, by size. */
export function imageLocality({ cluster }: PluginHandle): Plugin<unknown, Images> {
  return {
    name: "ImageLocality",
    preScore({ pod }) {
      const { spec } = pod;
      const all = [
        ...[...spec?.initContainers ?? [], ...spec?.containers ?? []].map(({ image }) => image),
        ...(spec?.volumes ?? []).flatMap(({ image }) => image ? [image.reference] : []),
      ];
      const nodeCount = cluster.nodes().length;
      const wanted = all
        .map((image) => normalizedName(image ?? ""))
        .map((name) => ({ name, spread: cluster.imageSpread(name) / nodeCount }))
        .filter(({ spread }) => spread > 0);
      return wanted.length === 0
        ? skip
        : { code: "Success", state: { wanted, sources: all.length } };
    },
    score(_pod, { images }, { wanted, sources }) {
      let sum = 0;
      for (const { name, spread } of wanted) {
        const size = images.get(name);
        if (size !== undefined) sum += Math.trunc(size * spread);
      }
      const max = maxContainerThreshold * sources;
      const capped = Math.min(Math.max(sum, minThreshold), max);
      return Math.trunc(maxNodeScore * (capped - minThreshold) / (max - minThreshold));
    },
  };
}

/** As nodes report it: with a tag. */
function normalizedName(image: string): string {
  return image.lastIndexOf(":") <= image.lastIndexOf("/") ? `${image}:latest` : image;
}
