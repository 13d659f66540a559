// XMLHttpRequest § 4, the FormData class. Entries are a flat list: name, value, name, value; a value is a string or a File.
import { Blob, isBlob } from "./blob";
import { File, isFile, renamedFile } from "./file";
import {
  IterationKind,
  defineInterface,
  defineIterableAlias,
  definePairIterator,
  missingArgument,
  toUSVString,
} from "./webidl";

export type FormDataValue = string | File;

/** Entry name and value, alternating. To be read only. */
export let formDataEntries: (form: FormData) => readonly FormDataValue[];
/** A FormData over a list that the caller gives up. */
export let formDataOf: (entries: FormDataValue[]) => FormData;
export let isFormData: (value: unknown) => value is FormData;

/** § 4.1 create an entry: a blob becomes a File, named as told or, as on Workers, by the entry. */
function toEntryValue(name: string, value: unknown, filename: unknown): FormDataValue {
  if (!isBlob(value)) return toUSVString(value);
  if (isFile(value) && filename === undefined) return value;
  return renamedFile(value, filename === undefined ? name : toUSVString(filename));
}

function removeFrom(list: FormDataValue[], name: string, from: number): void {
  let kept = from;
  for (let i = from; i < list.length; i += 2) {
    if (list[i] === name) continue;
    list[kept] = list[i]!;
    list[kept + 1] = list[i + 1]!;
    kept += 2;
  }
  list.length = kept;
}

export class FormData {
  static {
    formDataEntries = (form) => form.#entries;
    formDataOf = (entries) => {
      const form = new FormData();
      form.#entries = entries;
      return form;
    };
    isFormData = (value): value is FormData => typeof value === "object" && value !== null && #entries in value;
  }

  #entries: FormDataValue[] = [];

  append(name: string, value: string | Blob, filename: string | undefined = undefined): void {
    if (arguments.length < 2)
      missingArgument(
        "append",
        "FormData",
        arguments.length + 1,
        arguments.length < 1 ? "string" : "File or Blob or string",
      );
    const key = toUSVString(name);
    this.#entries.push(key, toEntryValue(key, value, filename));
  }

  delete(name: string): void {
    if (arguments.length < 1) missingArgument("delete", "FormData", 1, "string");
    removeFrom(this.#entries, toUSVString(name), 0);
  }

  get(name: string): FormDataValue | null {
    if (arguments.length < 1) missingArgument("get", "FormData", 1, "string");
    const key = toUSVString(name);
    const list = this.#entries;
    for (let i = 0; i < list.length; i += 2) if (list[i] === key) return list[i + 1]!;
    return null;
  }

  getAll(name: string): FormDataValue[] {
    if (arguments.length < 1) missingArgument("getAll", "FormData", 1, "string");
    const key = toUSVString(name);
    const list = this.#entries;
    const values: FormDataValue[] = [];
    for (let i = 0; i < list.length; i += 2) if (list[i] === key) values.push(list[i + 1]!);
    return values;
  }

  has(name: string): boolean {
    if (arguments.length < 1) missingArgument("has", "FormData", 1, "string");
    return this.get(name) !== null;
  }

  set(name: string, value: string | Blob, filename: string | undefined = undefined): void {
    if (arguments.length < 2)
      missingArgument(
        "set",
        "FormData",
        arguments.length + 1,
        arguments.length < 1 ? "string" : "File or Blob or string",
      );
    const key = toUSVString(name);
    const entry = toEntryValue(key, value, filename);
    const list = this.#entries;
    for (let i = 0; i < list.length; i += 2) {
      if (list[i] === key) {
        list[i + 1] = entry;
        removeFrom(list, key, i + 2);
        return;
      }
    }
    list.push(key, entry);
  }

  entries(): IterableIterator<[string, FormDataValue]> {
    this.#entries; // the brand check comes before the iterator
    return iterate(this, IterationKind.entry) as IterableIterator<[string, FormDataValue]>;
  }

  keys(): IterableIterator<string> {
    this.#entries;
    return iterate(this, IterationKind.key) as IterableIterator<string>;
  }

  values(): IterableIterator<FormDataValue> {
    this.#entries;
    return iterate(this, IterationKind.value) as IterableIterator<FormDataValue>;
  }

  forEach(callback: (value: FormDataValue, name: string, form: FormData) => void, thisArg: unknown = undefined): void {
    if (typeof callback !== "function") missingArgument("forEach", "FormData", 1, "function");
    for (let i = 0; i < this.#entries.length; i += 2) {
      callback.call(thisArg, this.#entries[i + 1]!, this.#entries[i] as string, this);
    }
  }
}

const iterate = definePairIterator<FormData, FormDataValue | [string, FormDataValue]>("FormData", (form) =>
  formDataEntries(form),
);
defineInterface(FormData, "FormData");
defineIterableAlias(FormData, "entries");

export interface FormData {
  [Symbol.iterator](): IterableIterator<[string, FormDataValue]>;
}
