// Two classes, so that the ids of one can be shown to the other; `exports` has them.
export default {
  wrangler: {
    durable_objects: {
      bindings: [
        { name: "PROBE", class_name: "Probe" },
        { name: "OTHER", class_name: "Other" },
        { name: "ACTOR", class_name: "Actor" },
        { name: "PLAIN", class_name: "Plain" },
        { name: "ALARMIST", class_name: "Alarmist" },
        { name: "SLEEPER", class_name: "Sleeper" },
      ],
    },
    migrations: [{ tag: "v1", new_sqlite_classes: ["Probe", "Other", "Actor", "Plain", "Alarmist", "Sleeper"] }],
  },
  miniflare: {
    durableObjects: {
      PROBE: { className: "Probe", useSQLite: true },
      OTHER: { className: "Other", useSQLite: true },
      ACTOR: { className: "Actor", useSQLite: true },
      PLAIN: { className: "Plain", useSQLite: true },
      ALARMIST: { className: "Alarmist", useSQLite: true },
      SLEEPER: { className: "Sleeper", useSQLite: true },
    },
  },
  exports: "objects.js",
};
