// Lists what a worker can see: the globals and their members, and the members of the objects that the platform hands out.
import * as workers from "cloudflare:workers";

const members = (object) =>
  object == null
    ? []
    : Reflect.ownKeys(object)
        .filter((key) => !["constructor", "length", "name", "prototype", Symbol.toStringTag].includes(key))
        .filter((key) => typeof key === "string" || key.description.startsWith("Symbol.")) // the others are the runtime's own
        .map((key) => (typeof key === "symbol" ? `[${key.description}]` : key))
        .sort();

// Everything down to Object.prototype, for objects whose class is not global.
function inherited(object) {
  const found = new Set();
  for (let level = object; level && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const name of members(level)) found.add(name);
  }
  return [...found].sort();
}

// What ECMAScript defines is V8's and no question.
const language = new Set(
  `globalThis Infinity NaN undefined eval isFinite isNaN parseFloat parseInt decodeURI decodeURIComponent encodeURI encodeURIComponent escape
  unescape AggregateError Array ArrayBuffer Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date Error EvalError
  FinalizationRegistry Float16Array Float32Array Float64Array Function Int16Array Int32Array Int8Array Intl Iterator JSON Map Math Number
  Object Promise Proxy RangeError ReferenceError Reflect RegExp Set SharedArrayBuffer String Symbol SyntaxError TypeError URIError
  Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet WebAssembly SuppressedError DisposableStack
  AsyncDisposableStack Temporal`.split(/\s+/),
);

function globals() {
  const result = {};
  for (const name of inherited(globalThis)) {
    if (language.has(name) || name.startsWith("_") || name.startsWith("[")) continue;
    let value;
    try {
      value = globalThis[name];
    } catch {
      continue;
    }
    if (typeof value === "function" && value.prototype)
      result[name] = [...members(value).map((key) => `static ${key}`), ...members(value.prototype)];
    else result[name] = typeof value === "object" && value !== null && value !== globalThis ? inherited(value) : [];
  }
  return result;
}

export class Probe extends workers.DurableObject {
  async fetch() {
    return Response.json({
      DurableObjectState: inherited(this.ctx),
      DurableObjectStorage: inherited(this.ctx.storage),
      SqlStorage: inherited(this.ctx.storage.sql),
      DurableObjectId: inherited(this.ctx.id),
    });
  }
}

const hash = async (name, run) => {
  try {
    await run();
    return name;
  } catch {
    return undefined;
  }
};

async function algorithms() {
  const { subtle } = crypto;
  const data = new Uint8Array(16);
  const works = [
    ...["SHA-1", "SHA-256", "SHA-384", "SHA-512", "MD5"].map((name) =>
      hash(`digest ${name}`, () => subtle.digest(name, data)),
    ),
    ...[
      ["HMAC", { name: "HMAC", hash: "SHA-256" }, ["sign"]],
      ["AES-GCM", { name: "AES-GCM", length: 256 }, ["encrypt"]],
      ["AES-CBC", { name: "AES-CBC", length: 256 }, ["encrypt"]],
      ["AES-CTR", { name: "AES-CTR", length: 256 }, ["encrypt"]],
      ["AES-KW", { name: "AES-KW", length: 256 }, ["wrapKey"]],
      ["ECDSA", { name: "ECDSA", namedCurve: "P-256" }, ["sign"]],
      ["ECDH", { name: "ECDH", namedCurve: "P-256" }, ["deriveBits"]],
      ["Ed25519", { name: "Ed25519" }, ["sign"]],
      ["X25519", { name: "X25519" }, ["deriveBits"]],
      ...["RSASSA-PKCS1-v1_5", "RSA-PSS"].map((name) => [
        name,
        { name, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
        ["sign"],
      ]),
      [
        "RSA-OAEP",
        { name: "RSA-OAEP", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
        ["encrypt", "decrypt"],
      ],
    ].map(([name, parameters, usages]) => hash(name, () => subtle.generateKey(parameters, true, usages))),
    ...["PBKDF2", "HKDF"].map((name) => hash(name, () => subtle.importKey("raw", data, name, false, ["deriveBits"]))),
  ];
  return (await Promise.all(works)).filter(Boolean).sort();
}

export default {
  async fetch(request, env, ctx) {
    const result = {
      globals: globals(),
      objects: {},
      modules: { "cloudflare:workers": members(workers) },
      algorithms: await algorithms(),
    };
    const attempt = async (name, make) => {
      try {
        result.objects[name] = inherited(await make());
      } catch {} // not there: the matrix says so
    };
    await attempt("ExecutionContext", () => ctx);
    await attempt("KVNamespace", () => env.KV);
    await attempt("DurableObjectNamespace", () => env.PROBE);
    try {
      const stub = env.PROBE.get(env.PROBE.idFromName("probe"));
      Object.assign(result.objects, await (await stub.fetch("http://probe/")).json());
    } catch {}
    return Response.json(result);
  },
};
