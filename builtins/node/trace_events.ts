// node:trace_events: no tracing. The module is there so that packages load; using it throws an error that names the function (unenv).

export * from "unenv/node/trace_events";
export { default } from "unenv/node/trace_events";
