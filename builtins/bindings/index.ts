// Every kind of binding; each file registers its own.
import "./kv";
