// The bundle's root: makes the globals and hands C++ the entry object. Runs once, in the snapshot builder.

import "./web/polyfills";
import "./bindings";
import { entry } from "./entry";
import { installGlobals } from "./globals";

installGlobals();
(globalThis as unknown as { __adit_entry: object }).__adit_entry = entry;
