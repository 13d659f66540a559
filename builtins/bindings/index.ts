// Every kind of binding; each file registers its own.
import "./d1";
import "./durable_object";
import "./durable_object_state";
import "./entrypoints";
import "./exports";
import "./kv";
import "./r2";
import "./service";
