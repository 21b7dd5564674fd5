import { Buffer } from "node:buffer";
import { type ImageInfo, type RegistryLogin, RuntimeError } from "../runtime_service.ts";
import { imageCandidates, normalizeImage } from "../image_name.ts";
import type { RestClient } from "./rest_client.ts";

interface PodmanImage {
  readonly Id: string;
  readonly RepoTags: readonly string[] | null;
  readonly RepoDigests: readonly string[] | null;
  readonly Size: number;
  readonly User?: string;
}

/** Images of Podman's store. */
export class PodmanImages {
  readonly #client: RestClient;

  constructor(client: RestClient) {
    this.#client = client;
  }

  async find(image: string): Promise<ImageInfo | undefined> {
    for (const name of imageCandidates(image)) {
      const found = await this.#inspect(name);
      if (found) return found;
    }
    return undefined;
  }

  async pull(
    image: string,
    login: RegistryLogin | undefined,
    signal: AbortSignal,
  ): Promise<ImageInfo> {
    const reference = encodeURIComponent(normalizeImage(image));
    const response = await this.#client.stream({
      method: "POST",
      path: `/images/pull?reference=${reference}&policy=always`,
      signal,
      ...(login && { headers: { "X-Registry-Auth": authHeader(login) } }),
    });
    const failure = await pullFailure(response);
    if (failure !== undefined) throw new RuntimeError("Failed", failure);
    const found = await this.find(image);
    if (!found) throw new RuntimeError("NotFound", `image ${image} is gone right after its pull`);
    return found;
  }

  async list(): Promise<ImageInfo[]> {
    const images = await this.#client.call<PodmanImage[] | null>({
      method: "GET",
      path: "/images/json",
    });
    return (images ?? []).map(infoOf);
  }

  async remove(id: string): Promise<void> {
    try {
      await this.#client.call({ method: "DELETE", path: `/images/${encodeURIComponent(id)}` });
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.code !== "NotFound") throw error;
    }
  }

  async #inspect(name: string): Promise<ImageInfo | undefined> {
    try {
      const path = `/images/${encodeURIComponent(name)}/json`;
      return infoOf(await this.#client.call<PodmanImage>({ method: "GET", path }));
    } catch (error) {
      if (error instanceof RuntimeError && error.code === "NotFound") return undefined;
      throw error;
    }
  }
}

function infoOf(image: PodmanImage): ImageInfo {
  return {
    id: image.Id.startsWith("sha256:") ? image.Id : `sha256:${image.Id}`,
    names: image.RepoTags ?? [],
    digests: image.RepoDigests ?? [],
    sizeBytes: image.Size,
    user: image.User ?? "",
  };
}

function authHeader({ username, password }: RegistryLogin): string {
  return Buffer.from(JSON.stringify({ username, password })).toString("base64url");
}

/** Reads the progress to its end; the error, if the last word was one. */
async function pullFailure(stream: AsyncIterable<unknown>): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  let failure: string | undefined;
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) failure = errorOf(line) ?? failure;
  }
  return errorOf(rest) ?? failure;
}

function errorOf(line: string): string | undefined {
  if (line.trim() === "") return undefined;
  return (JSON.parse(line) as { error?: string }).error || undefined;
}
