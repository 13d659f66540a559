// SqlObject is a class with SQLite, PlainObject one without.
export default {
  wrangler: {
    durable_objects: {
      bindings: [
        { name: "SQL", class_name: "SqlObject" },
        { name: "NO_SQL", class_name: "NoSqlObject" },
      ],
    },
    migrations: [{ tag: "sql-1", new_sqlite_classes: ["SqlObject"], new_classes: ["NoSqlObject"] }],
  },
  miniflare: {
    durableObjects: {
      SQL: { className: "SqlObject", useSQLite: true },
      NO_SQL: { className: "NoSqlObject", useSQLite: false },
    },
  },
  exports: "objects.js",
};
