// What cloudflare:workers exports beside the classes: env, withEnv, exports.
import * as workers from "cloudflare:workers";
import { assert, assertEquals, assertThrows, test } from "../../web/harness.js";

const { DurableObject, env, exports, RpcTarget, waitUntil, withEnv, WorkerEntrypoint } = workers;

test("env can be imported", ({ env: own }) => {
  assertEquals(env.RPC === own.RPC, true);
  assertEquals("RPC" in env, true);
  assertEquals(env.absent, undefined);
  assert(Object.keys(env).includes("RPC"));
});

test("withEnv lays another over it, also for what it starts", async () => {
  assertEquals(
    withEnv({ X: 1 }, () => [env.X, env.RPC, Object.keys(env)]),
    [1, undefined, ["X"]],
  );
  const later = withEnv({ X: 2 }, async () => {
    await scheduler.wait(1);
    const inner = withEnv({ Y: 3 }, () => [env.X, env.Y]);
    return [env.X, inner];
  });
  assertEquals(env.X, undefined);
  assertEquals(await later, [2, [undefined, 3]]);
  assertThrows(
    () =>
      withEnv({ X: 1 }, () => {
        throw new Error("through");
      }),
    Error,
    "through",
  );
  assertEquals(env.X, undefined);
});

test("ctx.exports are bindings to the worker itself", async ({ ctx }) => {
  assertEquals(await ctx.exports.Rpc.hello("me"), "hello me");
  assertEquals(await ctx.exports.Rpc.props(), {});
  assertEquals(await ctx.exports.Rpc({ props: { z: [1] } }).props(), { z: [1] });
  assertEquals((await ctx.exports.Rpc.fetch("http://x/y")).status, 201);
  assertEquals(await ctx.exports.handlers.hello("x"), "x object function");
  assertEquals(ctx.exports.Rpc.constructor.name, "LoopbackServiceStub");
  assertEquals(typeof ctx.exports.Rpc, "function");
  assertEquals(ctx.exports.RpcObject.constructor.name, "LoopbackDurableObjectNamespace");
  assertEquals(await ctx.exports.RpcObject.getByName("of exports").increment(), 1);
});

test("exports can be imported", async () => {
  assertEquals(await exports.Rpc.hello("me"), "hello me");
  assert(Object.keys(exports).includes("Rpc"));
  assertEquals(
    workers.withExports({ X: 1 }, () => [exports.X, exports.Rpc]),
    [1, undefined],
  );
  assertEquals(
    workers.withEnvAndExports({ A: 1 }, { B: 2 }, () => [env.A, exports.B]),
    [1, 2],
  );
});

test("the base classes", () => {
  assertEquals(Object.keys(new WorkerEntrypoint({}, {})), ["ctx", "env"]);
  assertThrows(() => new WorkerEntrypoint(), TypeError, "parameter 1 is not of type");
  assertThrows(() => new DurableObject(), TypeError, "parameter 1 is not of type");
  assertEquals(String(new RpcTarget()), "[object JsRpcTarget]");
  assertEquals(typeof workers.ServiceStub, "function");
});

test("waitUntil can be imported", () => {
  assertEquals(waitUntil(Promise.resolve()), undefined);
});
