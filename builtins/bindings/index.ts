// Every kind of binding; each file registers its own.
import "./durable_object";
import "./kv";
