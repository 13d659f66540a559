// File API § 4, the File class: a blob with a name and a time.
import { Blob, type BlobPropertyBag, blobBytes, ownBytes } from "./blob";
import { badConstructorArgument, defineInterface, isDictionary, toUSVString } from "./webidl";

export let isFile: (value: unknown) => value is File;
/** A file over bytes that the caller gives up. */
export let fileOfBytes: (bytes: Uint8Array, name: string, type: string) => File;

export interface FilePropertyBag extends BlobPropertyBag {
  lastModified?: number;
}

export class File extends Blob {
  static {
    isFile = (value): value is File => typeof value === "object" && value !== null && #name in value;
    fileOfBytes = (bytes, name, type) => new File(bytes, name, type, ownBytes);
  }

  readonly #name: string;
  readonly #lastModified: number;

  constructor(parts: unknown[], name: string, options?: FilePropertyBag | null);
  /** @internal The bytes, which the caller gives up, the name and the type as they are. */
  constructor(bytes: Uint8Array, name: string, type: string, own: typeof ownBytes);
  constructor(parts: unknown, name: unknown, options: unknown = undefined, own: unknown = undefined) {
    if (own === ownBytes) {
      super(parts as Uint8Array, options as string, ownBytes);
      this.#name = name as string;
      this.#lastModified = Date.now();
      return;
    }
    if (arguments.length < 2)
      badConstructorArgument("File", arguments.length + 1, arguments.length === 0 ? "Array" : "string");
    if (!isDictionary(options)) badConstructorArgument("File", 3, "Options");
    super(parts as unknown[], options);
    this.#name = toUSVString(name);
    const time = options?.lastModified;
    this.#lastModified = time === undefined ? Date.now() : Math.trunc(Number(time)) || 0;
  }

  get name(): string {
    return this.#name;
  }

  get lastModified(): number {
    return this.#lastModified;
  }
}

defineInterface(File, "File");

/** The same bytes and type under another name. */
export function renamedFile(blob: Blob, name: string): File {
  return fileOfBytes(blobBytes(blob), name, blob.type);
}
