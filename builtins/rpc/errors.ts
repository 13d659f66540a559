// Errors that travel: a class of the language, a message and, by compatibility date, name, cause and own properties. What else an error is, its
// class above all, stays where it was made.

const classes: Record<string, new (message: string) => Error> = {
  Error,
  AggregateError: function (message: string) {
    return new AggregateError([], message);
  } as never,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

type Properties = Record<string, unknown>;

function classOf(error: Error, isWhole: boolean): string {
  if (error instanceof AggregateError && (isWhole || error.stack === undefined)) return "AggregateError";
  for (const name of Object.keys(classes))
    if (name !== "Error" && name !== "AggregateError" && error instanceof classes[name]!) return name;
  return "Error";
}

function describe(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null) return String(thrown);
  const constructor = (thrown as { constructor?: { name?: unknown } }).constructor;
  return `#<${typeof constructor?.name === "string" ? constructor.name : "Object"}>`;
}

/** For the caller of a method that threw: an error that has the exception's message, and its name in it unless that is a class of the language. */
export function describeException(thrown: unknown): Error {
  if (!(thrown instanceof Error)) return withoutStack(new Error(describe(thrown)));
  const name = String(thrown.name);
  const message = String(thrown.message);
  if (Object.hasOwn(classes, name)) return withoutStack(new classes[name]!(message));
  return withoutStack(new Error(message === "" ? name : `${name}: ${message}`));
}

/** The caller's own stack is made where it is put together. */
function withoutStack(error: Error): Error {
  return Object.defineProperty(error, "stack", { value: undefined });
}

export function takeErrorApart(error: Error, isWhole: boolean): { meta: string; own: Properties | undefined } {
  const meta = JSON.stringify([classOf(error, isWhole), String(error.message), isWhole ? undefined : error.stack]);
  const own: Properties = {};
  let isEmpty = true;
  for (const key of Object.getOwnPropertyNames(error)) {
    if (key === "stack" || key === "message" || (!isWhole && key !== "cause")) continue;
    own[key] = (error as unknown as Properties)[key];
    isEmpty = false;
  }
  return { meta, own: isEmpty ? undefined : own };
}

export function putErrorTogether(meta: string, own: unknown): Error {
  const [name, message, stack] = JSON.parse(meta) as [string, string, string | null];
  const error = new classes[name]!(message);
  if (name === "AggregateError") delete (error as { errors?: unknown }).errors; // they are among its own properties, if they travel
  if (stack !== null) Object.defineProperty(error, "stack", { value: stack, writable: true, configurable: true });
  for (const [key, value] of Object.entries((own ?? {}) as Properties))
    Object.defineProperty(error, key, {
      value,
      writable: true,
      enumerable: key !== "name" && key !== "cause",
      configurable: true,
    });
  return error;
}
