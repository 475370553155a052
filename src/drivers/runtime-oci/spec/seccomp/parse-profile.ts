import { type EngineError, invalidArgument, messageOf } from "../../../../base/errors.ts";
import type { DockerSeccompProfile } from "./docker-profile.ts";

type Fields = Readonly<Record<string, unknown>>;

function undecodable(reason: string): EngineError {
  return invalidArgument(`Decoding seccomp profile failed: ${reason}`);
}

function fieldsOf(value: unknown, where: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw undecodable(`${where} is not an object`);
}

function listIn(fields: Fields, key: string): readonly unknown[] {
  const value = fields[key] ?? [];
  if (Array.isArray(value)) return value;
  throw undecodable(`${key} is not a list`);
}

function checkText(value: unknown, key: string): void {
  if (typeof value !== "string") throw undecodable(`${key} is not a string`);
}

function checkTexts(fields: Fields, key: string): void {
  for (const item of listIn(fields, key)) checkText(item, key);
}

function checkCondition(value: unknown, where: string): void {
  if (value === undefined || value === null) return;
  const condition = fieldsOf(value, where);
  checkTexts(condition, "caps");
  checkTexts(condition, "arches");
  if (condition["minKernel"] !== undefined) checkText(condition["minKernel"], "minKernel");
}

function checkRule(value: unknown): void {
  const rule = fieldsOf(value, "a rule of syscalls");
  if (rule["name"] !== undefined) checkText(rule["name"], "name");
  checkTexts(rule, "names");
  checkText(rule["action"], "action");
  for (const argument of listIn(rule, "args")) checkText(fieldsOf(argument, "an argument")["op"], "op");
  checkCondition(rule["includes"], "includes");
  checkCondition(rule["excludes"], "excludes");
}

/** The profile in a JSON text, of the right shape. Errors: invalidArgument. */
export function parseSeccompProfile(text: string): DockerSeccompProfile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw undecodable(messageOf(error));
  }
  const profile = fieldsOf(value, "the profile");
  if (profile["defaultAction"] === undefined) throw undecodable("the profile has no defaultAction");
  checkText(profile["defaultAction"], "defaultAction");
  checkTexts(profile, "architectures");
  checkTexts(profile, "flags");
  for (const mapping of listIn(profile, "archMap")) {
    const entry = fieldsOf(mapping, "an entry of archMap");
    checkText(entry["architecture"], "architecture");
    checkTexts(entry, "subArchitectures");
  }
  for (const rule of listIn(profile, "syscalls")) checkRule(rule);
  return value as DockerSeccompProfile;
}
