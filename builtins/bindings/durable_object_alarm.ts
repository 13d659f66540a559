// An object's alarm, https://developers.cloudflare.com/durable-objects/api/alarms/: getAlarm(), setAlarm() and deleteAlarm() of its storage and
// of transactions. When alarm() runs is src/bindings/durable_object/alarms.cc.
import { native } from "../native";
import { isDictionary, missingArgument } from "../web/webidl";
import type { ObjectHandle } from "./durable_object_storage";

const ops = native<{
  storage_get_alarm(object: ObjectHandle): number | undefined;
  storage_set_alarm(object: ObjectHandle, time: number, isUnconfirmed: boolean): void;
  storage_delete_alarm(object: ObjectHandle, isUnconfirmed: boolean): void;
}>();

/** What a 64-bit count of nanoseconds since 1970 can say. */
const END_OF_TIME_MS = 9_223_372_036_854;

interface AlarmOptions {
  allowUnconfirmed?: boolean;
}

/** Objects whose class has no alarm(). */
const withoutHandler = new WeakSet<ObjectHandle>();
export function hasNoAlarmHandler(object: ObjectHandle): void {
  withoutHandler.add(object);
}

/** What alarm() is called with. */
export class AlarmInvocationInfo {
  constructor(
    readonly scheduledTime: number,
    readonly retryCount: number,
    readonly isRetry: boolean,
  ) {}
}

export function getAlarm(object: ObjectHandle, owner: string, options: unknown): number | null {
  if (!isDictionary(options)) missingArgument("getAlarm", owner, 1, "GetAlarmOptions");
  return ops.storage_get_alarm(object) ?? null;
}

export function setAlarm(object: ObjectHandle, owner: string, time: unknown, options: unknown): void {
  if (typeof time !== "number" && !(time instanceof Date)) missingArgument("setAlarm", owner, 1, "date");
  if (!isDictionary(options)) missingArgument("setAlarm", owner, 2, "SetAlarmOptions");
  const ms = Math.trunc(Number(time));
  if (Number.isNaN(ms)) throw new TypeError("The value cannot be converted because it is not a valid Date.");
  if (ms > END_OF_TIME_MS) throw new TypeError("This API doesn't support dates after 2189.");
  if (ms <= 0) throw new TypeError("setAlarm() cannot be called with an alarm time <= 0");
  if (withoutHandler.has(object))
    throw new TypeError("Your Durable Object class must have an alarm() handler in order to call setAlarm()");
  ops.storage_set_alarm(object, ms, (options as AlarmOptions | undefined)?.allowUnconfirmed === true);
}

export function deleteAlarm(object: ObjectHandle, owner: string, options: unknown): void {
  if (!isDictionary(options)) missingArgument("deleteAlarm", owner, 1, "SetAlarmOptions");
  ops.storage_delete_alarm(object, (options as AlarmOptions | undefined)?.allowUnconfirmed === true);
}
