// File API § 4, the File class: a blob with a name and a time.
import { Blob, blobBytes, ownBytes } from "./blob";
import { badConstructorArgument, defineInterface, isDictionary, toUSVString } from "./webidl";

export let isFile: (value: unknown) => value is File;
/** A file over bytes that the caller gives up. */
export let fileOfBytes: (bytes: Uint8Array, name: string, type: string) => File;

export class File extends Blob {
  static {
    isFile = (value): value is File => typeof value === "object" && value !== null && #name in value;
    fileOfBytes = (bytes, name, type) => new File(bytes as never, name, type as never, ownBytes as never);
  }

  readonly #name: string;
  readonly #lastModified: number;

  constructor(parts: unknown[], name: string, options: { type?: string; lastModified?: number } | null | undefined = undefined) {
    if (arguments.length === 4 && (arguments[3] as unknown) === ownBytes) {
      super(parts, options as never, ...([ownBytes] as unknown as []));
      this.#name = name;
      this.#lastModified = Date.now();
      return;
    }
    if (arguments.length < 2) badConstructorArgument("File", arguments.length + 1, arguments.length === 0 ? "Array" : "string");
    if (!isDictionary(options)) badConstructorArgument("File", 3, "Options");
    super(parts, options);
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
