import type {
  ContainerState,
  ImageInfo,
  ImageService,
  RegistryLogin,
} from "../runtime/runtime_service.ts";

/** What is remembered at most; an image that fell out is shown by its plain ID. */
const LIMIT = 500;

/** Passes image requests on and remembers what each image is called by its digest, for `status.imageID`. */
export class ImageIds implements ImageService {
  readonly #images: ImageService;
  readonly #digests = new Map<string, string>();

  constructor(images: ImageService) {
    this.#images = images;
  }

  /** `name@sha256:…` where the image has such a name, else its ID. */
  of({ imageId }: ContainerState): string {
    const id = imageId.startsWith("sha256:") ? imageId : `sha256:${imageId}`;
    return this.#digests.get(id) ?? id;
  }

  async find(image: string): Promise<ImageInfo | undefined> {
    return this.#remember(await this.#images.find(image));
  }

  async pull(
    image: string,
    login: RegistryLogin | undefined,
    signal: AbortSignal,
  ): Promise<ImageInfo> {
    const pulled = await this.#images.pull(image, login, signal);
    this.#remember(pulled);
    return pulled;
  }

  async listImages(): Promise<ImageInfo[]> {
    const images = await this.#images.listImages();
    for (const image of images) this.#remember(image);
    return images;
  }

  removeImage(id: string): Promise<void> {
    this.#digests.delete(id);
    return this.#images.removeImage(id);
  }

  #remember(image: ImageInfo | undefined): ImageInfo | undefined {
    const digest = image?.digests[0];
    if (image && digest) {
      if (this.#digests.size >= LIMIT) this.#digests.clear();
      this.#digests.set(image.id, digest);
    }
    return image;
  }
}
