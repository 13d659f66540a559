// Says what of TYPES (types.mjs, put before this text) a worker can see: { class: [members that are there] }, for what is global and for the
// objects that bindings and the platform hand out. What is not there at all is left out.
import * as workers from "cloudflare:workers";
import * as sockets from "cloudflare:sockets";

const nameOf = (key) => (typeof key === "symbol" ? `[${key.description}]` : key);

/** Everything that an object has, down to Object.prototype. */
function namesOf(object) {
  const names = new Set();
  for (
    let level = object;
    level && level !== Object.prototype && level !== Function.prototype;
    level = Object.getPrototypeOf(level)
  )
    for (const key of Reflect.ownKeys(level)) names.add(nameOf(key));
  return names;
}

function present(name, objects, constructor) {
  const own = new Set(objects.flatMap((object) => [...namesOf(object)]));
  const onClass = constructor === undefined ? new Set() : namesOf(constructor);
  return (TYPES.members[name] ?? []).filter((member) =>
    member.startsWith("static ") ? onClass.has(member.slice(7)) : own.has(member),
  );
}

/** An object of each class whose members may be its own and not its prototype's, or that is not global. */
function recipes(env, ctx) {
  const html = (pick) =>
    new Promise((resolve, reject) => {
      const take = (value) => void resolve([...namesOf(value)]);
      const handlers = {
        element: (element) => (pick === "Element" ? take(element) : pick === "EndTag" && element.onEndTag(take)),
        text: (text) => pick === "Text" && take(text),
        comments: (comment) => pick === "Comment" && take(comment),
      };
      const whole = {
        doctype: (doctype) => pick === "Doctype" && take(doctype),
        end: (end) => pick === "DocumentEnd" && take(end),
      };
      new HTMLRewriter()
        .on("p", handlers)
        .onDocument(whole)
        .transform(new Response("<!doctype html><p><!--c-->t</p>"))
        .text()
        .catch(reject);
    }).then((names) => Object.fromEntries(names.map((key) => [key, true])));
  const id = () => env.PROBE.idFromName("probe");
  const stored = async () => {
    await env.R2.put("probe", "value", { customMetadata: { a: "b" } });
    return env.R2;
  };
  return {
    Cache: () => caches.default,
    CacheStorage: () => caches,
    Cloudflare: () => Cloudflare,
    Console: () => console,
    Crypto: () => crypto,
    CryptoKey: () => crypto.subtle.importKey("raw", new Uint8Array(16), "AES-GCM", true, ["encrypt"]),
    DigestStream: () => new crypto.DigestStream("SHA-256"),
    Comment: () => html("Comment"),
    Doctype: () => html("Doctype"),
    DocumentEnd: () => html("DocumentEnd"),
    Element: () => html("Element"),
    EndTag: () => html("EndTag"),
    Text: () => html("Text"),
    ErrorEvent: () => new ErrorEvent("error"),
    ExecutionContext: () => ctx,
    FormData: () => new FormData(),
    MessageChannel: () => new MessageChannel(),
    Navigator: () => navigator,
    Performance: () => performance,
    PromiseRejectionEvent: () => new PromiseRejectionEvent("x", { promise: Promise.resolve(), reason: 1 }),
    ReadableStreamBYOBReader: () => new ReadableStream({ type: "bytes" }).getReader({ mode: "byob" }),
    Request: () => new Request("http://x/", { cf: {}, cache: "no-store" }),
    Response: () => new Response("", { cf: {} }),
    Scheduler: () => scheduler,
    Socket: () => sockets.connect("127.0.0.1:1"),
    SubtleCrypto: () => crypto.subtle,
    TextDecoder: () => new TextDecoder(),
    URLPattern: () => new URLPattern(),
    WebSocket: () => new WebSocketPair()[0],
    KVNamespace: () => env.KV,
    DurableObjectNamespace: () => env.PROBE,
    DurableObjectId: id,
    DurableObjectStub: () => env.PROBE.get(id()),
    Fetcher: () => env.SELF,
    R2Bucket: () => env.R2,
    R2Object: async () => (await stored()).head("probe"),
    R2ObjectBody: async () => (await stored()).get("probe"),
    R2MultipartUpload: () => env.R2.createMultipartUpload("parts"),
    D1Database: () => env.DB,
    D1DatabaseSession: () => env.DB.withSession(),
    D1PreparedStatement: () => env.DB.prepare("select 1"),
    Queue: () => env.QUEUE,
    AnalyticsEngineDataset: () => env.ANALYTICS,
  };
}

const inObject = {
  DurableObjectState: (state) => state,
  DurableObjectStorage: (state) => state.storage,
  SyncKvStorage: (state) => state.storage.kv,
  SqlStorage: (state) => state.storage.sql,
  SqlStorageCursor: (state) => state.storage.sql.exec("select 1"),
  DurableObjectTransaction: (state) =>
    new Promise((resolve) => void state.storage.transaction(async (txn) => resolve(txn))),
};

async function examine(makers) {
  const result = {};
  for (const [name, make] of Object.entries(makers)) {
    try {
      const object = await make();
      if (object === undefined || object === null || (name in TYPES.members && namesOf(object).size === 0)) continue;
      const constructor = globalThis[name];
      result[name] = present(name, constructor?.prototype ? [object, constructor.prototype] : [object], constructor);
      if (result[name].length === 0 && TYPES.members[name]?.length > 0) delete result[name];
    } catch {} // not there: the table says so
  }
  return result;
}

export class Probe extends workers.DurableObject {
  async fetch() {
    const makers = Object.entries(inObject).map(([name, pick]) => [name, () => pick(this.ctx)]);
    return Response.json(await examine(Object.fromEntries(makers)));
  }
}

async function algorithms() {
  const { subtle } = crypto;
  const data = new Uint8Array(16);
  const rsa = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };
  const tries = [
    ...["SHA-1", "SHA-256", "SHA-384", "SHA-512", "MD5"].map((name) => [name, () => subtle.digest(name, data)]),
    ...[
      ["HMAC", { name: "HMAC", hash: "SHA-256" }, ["sign"]],
      ...["AES-GCM", "AES-CBC", "AES-CTR"].map((name) => [name, { name, length: 256 }, ["encrypt"]]),
      ["AES-KW", { name: "AES-KW", length: 256 }, ["wrapKey"]],
      ["ECDSA", { name: "ECDSA", namedCurve: "P-256" }, ["sign"]],
      ["ECDH", { name: "ECDH", namedCurve: "P-256" }, ["deriveBits"]],
      ["Ed25519", { name: "Ed25519" }, ["sign"]],
      ["X25519", { name: "X25519" }, ["deriveBits"]],
      ...["RSASSA-PKCS1-v1_5", "RSA-PSS"].map((name) => [name, { name, ...rsa }, ["sign"]]),
      ["RSA-OAEP", { name: "RSA-OAEP", ...rsa }, ["encrypt", "decrypt"]],
    ].map(([name, parameters, usages]) => [name, () => subtle.generateKey(parameters, true, usages)]),
    ...["PBKDF2", "HKDF"].map((name) => [name, () => subtle.importKey("raw", data, name, false, ["deriveBits"])]),
  ];
  const works = await Promise.all(
    tries.map(([name, run]) =>
      run().then(
        () => name,
        () => undefined,
      ),
    ),
  );
  return works.filter(Boolean).sort();
}

export default {
  async fetch(request, env, ctx) {
    const globals = TYPES.globals.filter((name) => {
      try {
        return globalThis[name] !== undefined;
      } catch {
        return false;
      }
    });
    const classes = {};
    for (const name of globals) {
      const value = globalThis[name];
      if (typeof value === "function" && value.prototype && name in TYPES.members)
        classes[name] = present(name, [value.prototype], value);
    }
    Object.assign(classes, await examine(recipes(env, ctx)));
    try {
      const stub = env.PROBE.get(env.PROBE.idFromName("probe"));
      Object.assign(classes, await (await stub.fetch("http://probe/")).json());
    } catch {}
    const modules = {
      "cloudflare:workers": Object.keys(workers).sort(),
      "cloudflare:sockets": Object.keys(sockets).sort(),
    };
    return Response.json({ globals, classes, modules, algorithms: await algorithms() });
  },
};
