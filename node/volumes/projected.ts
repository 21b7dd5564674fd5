import type {
  Pod,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from "../../shared/api/core/v1/types.gen.ts";
import { type VolumeFile, writeAtomically } from "./atomic_writer.ts";
import { downwardFiles } from "./downward_api.ts";
import { commonUser, fsGroupOf, withFsGroup } from "./ownership.ts";
import { configMapFiles, secretFiles } from "./payload.ts";
import type { IssuedToken, MountRequest, VolumeContext, VolumePlugin } from "./plugin.ts";
import { mountTmpfs, unmount } from "./tmpfs.ts";

/** Several sources in one directory; among them the pod's service account token. */
export const projected: VolumePlugin<ProjectedVolumeSource> = {
  sourceField: "projected",
  async setUp({ pod, source, directory }, context) {
    const made = await Promise.all(
      (source.sources ?? []).map((one) => project(one, { pod, source, directory, context })),
    );
    await mountTmpfs(directory, context);
    await writeAtomically(directory, lastOfEachPath(made.flatMap(({ files }) => files)), context);
    const refreshes = made.flatMap(({ refreshAt }) => refreshAt ?? []);
    return {
      path: directory,
      readOnly: true,
      ...(refreshes.length > 0 && { refreshAt: Math.min(...refreshes) }),
    };
  },
  tearDown: unmount,
};

interface Projection {
  readonly files: VolumeFile[];
  readonly refreshAt?: number;
}

type ProjectionRequest = Omit<MountRequest<ProjectedVolumeSource>, "volumeName"> & {
  readonly context: VolumeContext;
};

async function project(one: VolumeProjection, request: ProjectionRequest): Promise<Projection> {
  const { pod, source, context } = request;
  const namespace = pod.metadata.namespace ?? "";
  const defaultMode = source.defaultMode ?? 0o644;
  const grouped = (files: readonly VolumeFile[]) => files.map((file) => withFsGroup(file, pod));
  if (one.serviceAccountToken) return await projectToken(one.serviceAccountToken, request);
  if (one.configMap) {
    const ref = { namespace, name: one.configMap.name ?? "" };
    const selection = { ...one.configMap, defaultMode };
    return { files: grouped(await configMapFiles(context.objects, ref, selection)) };
  }
  if (one.secret) {
    const ref = { namespace, name: one.secret.name ?? "" };
    const selection = { ...one.secret, defaultMode };
    return { files: grouped(await secretFiles(context.objects, ref, selection)) };
  }
  if (one.downwardAPI) {
    const options = { defaultMode, allocatable: context.allocatable };
    return { files: grouped(downwardFiles(pod, one.downwardAPI.items ?? [], options)) };
  }
  throw new Error(`projected volume source ${Object.keys(one).join()} is not supported`);
}

async function projectToken(
  source: ServiceAccountTokenProjection,
  { pod, context, source: { defaultMode = 0o644 } }: ProjectionRequest,
): Promise<Projection> {
  const token = await context.objects.token(pod, {
    audience: source.audience,
    expirationSeconds: source.expirationSeconds ?? 3600,
  });
  const content = new TextEncoder().encode(token.token);
  return {
    files: [{ path: source.path, content, ...tokenOwner(pod, defaultMode) }],
    refreshAt: renewalTime(token),
  };
}

/** Only who runs in the pod may read the token: its group if it has one, else its user if there is just one. */
function tokenOwner(pod: Pod, defaultMode: number): { mode: number; uid?: number; gid?: number } {
  const gid = fsGroupOf(pod);
  if (gid !== undefined) return { mode: 0o640, gid };
  const uid = commonUser(pod);
  return uid === undefined ? { mode: defaultMode } : { mode: 0o600, uid };
}

/** Tokens are renewed at four fifths of their life, and once a day however long that is. */
export function renewalTime({ issuedAt, expiresAt }: IssuedToken): number {
  return issuedAt + Math.min(0.8 * (expiresAt - issuedAt), 24 * 3600_000);
}

/** Where sources name the same path, the later one wins. */
function lastOfEachPath(files: readonly VolumeFile[]): VolumeFile[] {
  return [...new Map(files.map((file) => [file.path, file])).values()];
}
