// The output gate's door: what leaves a Durable Object by itself (WebSocket messages, requests) asks here whether it must wait for the
// object's writes. builtins/bindings/durable_object.ts knows; a plain worker never waits.

type Gate = () => Promise<void> | undefined;

let gate: Gate = () => undefined;

export function setOutputGate(next: Gate): void {
  gate = next;
}

/** Undefined: leave now. A promise: leave when it resolves; never when it rejects, for the writes did not happen. */
export function outputGate(): Promise<void> | undefined {
  return gate();
}
