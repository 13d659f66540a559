// What node-inspect-extracted cannot know without V8: the state of promises, the insides of proxies, weak collections and iterators
// (tools/bundle-node-modules.mjs puts these in the place of the package's stand-ins).

import { native } from "adit:internal";

const ops = native<{
  node_promise_details(value: unknown): [number, unknown] | undefined;
  node_proxy_details(value: unknown): [unknown, unknown] | undefined;
  node_preview_entries(value: unknown): [unknown[], boolean] | undefined;
}>();

export function promiseDetails(value: unknown, pending: unknown, rejected: unknown): unknown[] {
  const details = ops.node_promise_details(value);
  if (details === undefined || details[0] === 0) return [pending, undefined];
  return [details[0] === 2 ? rejected : undefined, details[1]];
}

export function proxyDetails(value: unknown, both = true): unknown {
  const details = ops.node_proxy_details(value);
  return details === undefined || both ? details : details[0];
}

/** The entries, and with `isIterator` whether they are pairs. */
export function previewEntries(value: unknown, isIterator?: boolean): unknown {
  const preview = ops.node_preview_entries(value);
  if (preview === undefined) return isIterator ? [[], false] : [];
  return isIterator ? preview : preview[0];
}
