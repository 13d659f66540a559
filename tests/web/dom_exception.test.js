// Web IDL § 4.3, DOMException.
import { assert, assertEquals, assertThrows, test } from "./harness.js";

const names = [
  ["IndexSizeError", 1],
  ["HierarchyRequestError", 3],
  ["WrongDocumentError", 4],
  ["InvalidCharacterError", 5],
  ["NoModificationAllowedError", 7],
  ["NotFoundError", 8],
  ["NotSupportedError", 9],
  ["InUseAttributeError", 10],
  ["InvalidStateError", 11],
  ["SyntaxError", 12],
  ["InvalidModificationError", 13],
  ["NamespaceError", 14],
  ["InvalidAccessError", 15],
  ["TypeMismatchError", 17],
  ["SecurityError", 18],
  ["NetworkError", 19],
  ["AbortError", 20],
  ["URLMismatchError", 21],
  ["QuotaExceededError", 22],
  ["TimeoutError", 23],
  ["InvalidNodeTypeError", 24],
  ["DataCloneError", 25],
];

test("legacy codes follow from the name", () => {
  for (const [name, code] of names) assertEquals(new DOMException("", name).code, code, name);
  for (const name of ["EncodingError", "OperationError", "DataError", "Error", "abortError", ""])
    assertEquals(new DOMException("", name).code, 0);
});

test("message and name are converted and default", () => {
  const plain = new DOMException();
  assertEquals([plain.message, plain.name, plain.code], ["", "Error", 0]);
  const full = new DOMException("m", "AbortError");
  assertEquals([full.message, full.name, full.code], ["m", "AbortError", 20]);
  assertEquals(new DOMException(undefined, undefined).name, "Error");
  assertEquals(new DOMException(5).message, "5");
});

test("it is an Error by prototype and has a stack", () => {
  const error = new DOMException("m", "AbortError");
  assert(error instanceof Error);
  assert(error instanceof DOMException);
  assertEquals(Object.getPrototypeOf(DOMException), Function.prototype);
  assertEquals(Object.getPrototypeOf(DOMException.prototype), Error.prototype);
  assertEquals(String(error), "AbortError: m");
  assertEquals(Object.prototype.toString.call(error), "[object DOMException]");
  assert(error.stack.startsWith("AbortError: m\n    at "), error.stack);
});

test("constants are on the class and its prototype", () => {
  assertEquals(DOMException.INDEX_SIZE_ERR, 1);
  assertEquals(DOMException.DATA_CLONE_ERR, 25);
  assertEquals(DOMException.prototype.ABORT_ERR, 20);
  assertEquals(new DOMException().TIMEOUT_ERR, 23);
  assertEquals(Object.keys(DOMException).length, 25);
});

test("it must be constructed", () => assertThrows(() => DOMException("m"), TypeError));

test("name, message and code cannot be set", () => {
  "use strict";
  const error = new DOMException("m", "AbortError");
  assertThrows(() => {
    error.name = "x";
  }, TypeError);
  assertThrows(() => {
    error.message = "x";
  }, TypeError);
  assertEquals([error.name, error.message], ["AbortError", "m"]);
});
