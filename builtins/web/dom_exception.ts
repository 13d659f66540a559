// Web IDL § 2.8.1 and § 4.3: DOMException, and the table of its names.
// A DOMException is no Error by its class (its interface object's prototype is Function.prototype) but has Error.prototype in its
// chain and a stack, which V8 captures on the object.

import { defineInterface, toDOMString } from "./webidl";

interface ErrorConstructorWithStack {
  captureStackTrace(target: object, above?: Function): void;
}

// The legacy codes: position is code - 1. A name without a code is not listed, a code without a name is a blank name.
const constants = [
  ["INDEX_SIZE_ERR", "IndexSizeError"],
  ["DOMSTRING_SIZE_ERR", ""],
  ["HIERARCHY_REQUEST_ERR", "HierarchyRequestError"],
  ["WRONG_DOCUMENT_ERR", "WrongDocumentError"],
  ["INVALID_CHARACTER_ERR", "InvalidCharacterError"],
  ["NO_DATA_ALLOWED_ERR", ""],
  ["NO_MODIFICATION_ALLOWED_ERR", "NoModificationAllowedError"],
  ["NOT_FOUND_ERR", "NotFoundError"],
  ["NOT_SUPPORTED_ERR", "NotSupportedError"],
  ["INUSE_ATTRIBUTE_ERR", "InUseAttributeError"],
  ["INVALID_STATE_ERR", "InvalidStateError"],
  ["SYNTAX_ERR", "SyntaxError"],
  ["INVALID_MODIFICATION_ERR", "InvalidModificationError"],
  ["NAMESPACE_ERR", "NamespaceError"],
  ["INVALID_ACCESS_ERR", "InvalidAccessError"],
  ["VALIDATION_ERR", ""],
  ["TYPE_MISMATCH_ERR", "TypeMismatchError"],
  ["SECURITY_ERR", "SecurityError"],
  ["NETWORK_ERR", "NetworkError"],
  ["ABORT_ERR", "AbortError"],
  ["URL_MISMATCH_ERR", "URLMismatchError"],
  ["QUOTA_EXCEEDED_ERR", "QuotaExceededError"],
  ["TIMEOUT_ERR", "TimeoutError"],
  ["INVALID_NODE_TYPE_ERR", "InvalidNodeTypeError"],
  ["DATA_CLONE_ERR", "DataCloneError"],
] as const;

const codes = new Map<string, number>();
constants.forEach(([, name], index) => {
  if (name !== "") codes.set(name, index + 1);
});

export class DOMException {
  readonly #message: string;
  readonly #name: string;
  declare readonly stack: string;

  constructor(message: unknown = "", name: unknown = "Error") {
    this.#message = toDOMString(message);
    this.#name = toDOMString(name);
    (Error as unknown as ErrorConstructorWithStack).captureStackTrace(this, new.target);
  }

  get name(): string {
    return this.#name;
  }

  get message(): string {
    return this.#message;
  }

  get code(): number {
    return codes.get(this.#name) ?? 0;
  }
}

Object.setPrototypeOf(DOMException.prototype, Error.prototype);
defineInterface(DOMException, "DOMException");
Object.defineProperty(DOMException, "length", { value: 0, configurable: true });
constants.forEach(([constant], index) => {
  const property = { value: index + 1, enumerable: true, writable: false, configurable: false };
  Object.defineProperty(DOMException, constant, property);
  Object.defineProperty(DOMException.prototype, constant, property);
});

/** For C++ (js/errors.cc) and for structured clones. */
export function makeDOMException(message: string, name: string): DOMException {
  return new DOMException(message, name);
}
