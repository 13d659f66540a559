// Subrequest accounting: everything that leaves an invocation for somewhere else (fetch, bindings, WebSockets) is counted here, so
// that the limit and the bill see one number. The worker layer installs the counter; it throws when the limit is reached.

let counter: (() => void) | undefined;

export function setSubrequestCounter(count: () => void): void {
  counter = count;
}

export function countSubrequest(): void {
  counter?.();
}
