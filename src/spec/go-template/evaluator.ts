import type { CommandNode, Definitions, Located, Node, Operand, Pipeline, Position } from "./ast.ts";
import type { Functions } from "./builtin-functions.ts";
import { execError } from "./template-error.ts";
import {
  formatValue,
  goTypeOf,
  isInteger,
  isObject,
  isTruthy,
  NO_VALUE,
  sortedKeys,
  typeName,
} from "./values.ts";

/** What a map's missing key is: an error, or nothing. */
export type MissingKey = "default" | "error";

export interface EvaluatorOptions {
  readonly name: string;
  readonly functions: Functions;
  readonly missingKey: MissingKey;
  readonly nilText: string;
}

/** How a list of nodes was left. */
type Flow = "next" | "break" | "continue";

interface Variable {
  readonly name: string;
  value: unknown;
}

/** Calls deeper than this are a template that calls itself for ever. */
const MAX_DEPTH = 10_000;

/** Functions that take any number of further arguments. */
const VARIADIC = new Set(["eq", "index", "printf", "slice"]);

const NOTHING_PIPED = Symbol("nothing piped");

/** Runs the templates of a text on data. Errors: TemplateError. */
export class Evaluator {
  readonly #definitions: Definitions;
  readonly #options: EvaluatorOptions;
  #out: string[] = [];
  #variables: Variable[] = [];
  #name: string;
  #depth = 0;

  constructor(definitions: Definitions, options: EvaluatorOptions) {
    this.#definitions = definitions;
    this.#options = options;
    this.#name = options.name;
  }

  run(data: unknown): string {
    this.#out = [];
    this.#variables = [{ name: "$", value: data }];
    this.#walk(this.#definitions.get("")!, data);
    return this.#out.join("");
  }

  #walk(nodes: readonly Node[], dot: unknown): Flow {
    for (const node of nodes) {
      const flow = this.#step(node, dot);
      if (flow !== "next") return flow;
    }
    return "next";
  }

  #step(node: Node, dot: unknown): Flow {
    switch (node.kind) {
      case "text":
        this.#out.push(node.text);
        return "next";
      case "action": {
        const value = this.#pipeline(node.pipeline, dot);
        if (node.pipeline.variables.length === 0) this.#print(value, node.pipeline);
        return "next";
      }
      case "break":
      case "continue":
        return node.kind;
      case "template":
        this.#template(node, dot);
        return "next";
      case "range":
        return this.#scoped(() => this.#range(node, dot));
      default:
        return this.#scoped(() => this.#branch(node, dot));
    }
  }

  #scoped<T>(work: () => T): T {
    const mark = this.#variables.length;
    const result = work();
    this.#variables.length = mark;
    return result;
  }

  #branch(node: Extract<Node, { kind: "if" | "with" | "range" }>, dot: unknown): Flow {
    const value = this.#pipeline(node.pipeline, dot);
    if (!isTruthy(value)) return this.#walk(node.otherwise, dot);
    return this.#walk(node.body, node.kind === "with" ? value : dot);
  }

  #range(node: Extract<Node, { kind: "if" | "with" | "range" }>, dot: unknown): Flow {
    const { pipeline } = node;
    const value = this.#commands(pipeline, dot);
    const mark = this.#variables.length;
    let any = false;
    for (const [key, item] of this.#entries(value, pipeline)) {
      any = true;
      this.#setRangeVariables(pipeline, key, item);
      const flow = this.#walk(node.body, item);
      this.#variables.length = mark;
      if (flow === "break") break;
    }
    return any ? "next" : this.#walk(node.otherwise, dot);
  }

  /** One variable gets the items, two get the keys and the items. */
  #setRangeVariables({ variables, declares }: Pipeline, key: unknown, item: unknown): void {
    const values = variables.length === 2 ? [key, item] : [item];
    for (const [index, name] of variables.entries()) {
      if (declares) this.#variables.push({ name, value: values[index] });
      else this.#variable(name).value = values[index];
    }
  }

  *#entries(value: unknown, at: Pipeline): Generator<[unknown, unknown]> {
    if (value === undefined || value === null) return;
    if (Array.isArray(value)) for (const [index, item] of value.entries()) yield [BigInt(index), item];
    else if (isInteger(value)) for (let index = 0n; index < BigInt(value); index++) yield [index, index];
    else if (typeof value === "string") {
      let offset = 0;
      for (const char of value) {
        yield [BigInt(offset), BigInt(char.codePointAt(0)!)];
        offset += Buffer.byteLength(char);
      }
    } else if (isObject(value) && goTypeOf(value) === undefined)
      for (const key of sortedKeys(value)) yield [key, value[key]];
    else throw this.#error(at.at, at.text, `range can't iterate over ${formatValue(value)}`);
  }

  #template(node: Extract<Node, { kind: "template" }>, dot: unknown): void {
    const body = this.#definitions.get(node.name);
    if (!body) throw this.#error(node.at, node.text, `template ${JSON.stringify(node.name)} not defined`);
    if (this.#depth === MAX_DEPTH)
      throw this.#error(node.at, node.text, `exceeded maximum template depth (${MAX_DEPTH})`);
    const data = node.pipeline ? this.#pipeline(node.pipeline, dot) : undefined;
    const [variables, name] = [this.#variables, this.#name];
    this.#variables = [{ name: "$", value: data }];
    this.#name = node.name;
    this.#depth++;
    this.#walk(body, data);
    this.#depth--;
    this.#variables = variables;
    this.#name = name;
  }

  #print(value: unknown, pipeline: Pipeline): void {
    if (typeof value === "function") throw this.#error(pipeline.at, pipeline.text, "can't print func");
    if (value === undefined) this.#out.push(NO_VALUE);
    else this.#out.push(value === null ? this.#options.nilText : formatValue(value, "action"));
  }

  #pipeline(pipeline: Pipeline, dot: unknown): unknown {
    const value = this.#commands(pipeline, dot);
    for (const name of pipeline.variables) {
      if (pipeline.declares) this.#variables.push({ name, value });
      else this.#variable(name).value = value;
    }
    return value;
  }

  #commands(pipeline: Pipeline, dot: unknown): unknown {
    let value: unknown = NOTHING_PIPED;
    for (const command of pipeline.commands) value = this.#command(command, dot, value);
    return value;
  }

  #variable(name: string): Variable {
    return this.#variables.findLast((variable) => variable.name === name)!;
  }

  #command(command: CommandNode, dot: unknown, piped: unknown): unknown {
    const [first, ...operands] = command.operands as [Operand, ...Operand[]];
    if (first.kind === "function") return this.#call(first.name, command, operands, dot, piped);
    const value = this.#operand(first, dot);
    const args = () => {
      const values = operands.map((operand) => this.#argument(operand, dot));
      return piped === NOTHING_PIPED ? values : [...values, piped];
    };
    if (typeof value === "function")
      return this.#invoke(first, value as (...args: unknown[]) => unknown, args(), lastName(first));
    if (operands.length === 0 && piped === NOTHING_PIPED) return value;
    // What docker's contexts offer as fields are methods in its own source.
    if (first.kind === "field" && first.names.length === 1 && goTypeOf(dot) !== undefined)
      throw this.#error(
        first.at,
        first.text,
        `wrong number of args for ${first.names[0]}: want 0 got ${args().length}`,
      );
    if (first.kind === "field" || first.kind === "chain")
      throw this.#error(first.at, first.text, `${lastName(first)} is not a method but has arguments`);
    throw this.#error(first.at, first.text, `can't give argument to non-function ${first.text}`);
  }

  #call(name: string, at: Located, operands: readonly Operand[], dot: unknown, piped: unknown): unknown {
    if (name === "call") return this.#callValue(at, operands, dot, piped);
    if (name === "and" || name === "or") return this.#shortCircuit(name, at, operands, dot, piped);
    const args = operands.map((operand) => this.#argument(operand, dot));
    if (piped !== NOTHING_PIPED) args.push(piped);
    return this.#invoke(at, this.#options.functions[name]!, args, name);
  }

  /** Docker's data holds no functions that a template could call. */
  #callValue(at: Located, operands: readonly Operand[], dot: unknown, piped: unknown): never {
    const [called] = operands;
    if (!called && piped === NOTHING_PIPED)
      throw this.#error(at.at, at.text, "wrong number of args for call: want at least 1 got 0");
    const value = called ? this.#argument(called, dot) : piped;
    const reason =
      value === undefined || value === null
        ? "call of nil"
        : `non-function ${called?.text ?? formatValue(value)} of type ${typeName(value)}`;
    throw this.#error(at.at, at.text, `error calling call: ${reason}`);
  }

  /** Nil is no value of its own, but may be handed to a function. */
  #argument(operand: Operand, dot: unknown): unknown {
    return operand.kind === "nil" ? null : this.#operand(operand, dot);
  }

  /** Operands behind the one that decides are not evaluated. */
  #shortCircuit(
    name: "and" | "or",
    at: Located,
    operands: readonly Operand[],
    dot: unknown,
    piped: unknown,
  ): unknown {
    if (operands.length === 0 && piped === NOTHING_PIPED)
      throw this.#error(at.at, at.text, `wrong number of args for ${name}: want at least 1 got 0`);
    let value: unknown;
    for (const operand of operands) {
      value = this.#operand(operand, dot);
      if (isTruthy(value) === (name === "or")) return value;
    }
    return piped === NOTHING_PIPED ? value : piped;
  }

  #invoke(at: Located, call: (...args: unknown[]) => unknown, args: unknown[], name: string): unknown {
    if (args.length < call.length && VARIADIC.has(name))
      throw this.#error(
        at.at,
        at.text,
        `wrong number of args for ${name}: want at least ${call.length} got ${args.length}`,
      );
    if (args.length < call.length)
      throw this.#error(
        at.at,
        at.text,
        `wrong number of args for ${name}: want ${call.length} got ${args.length}`,
      );
    try {
      return call(...args);
    } catch (error) {
      throw this.#error(at.at, at.text, `error calling ${name}: ${(error as Error).message}`);
    }
  }

  #operand(operand: Operand, dot: unknown): unknown {
    switch (operand.kind) {
      case "dot":
        return dot;
      case "nil":
        throw this.#error(operand.at, operand.text, "nil is not a command");
      case "literal":
        return operand.value;
      case "field":
        return this.#fields(dot, operand.names, operand);
      case "variable":
        return this.#fields(this.#variable(operand.name).value, operand.names, operand);
      case "function":
        return this.#call(operand.name, operand, [], dot, NOTHING_PIPED);
      case "pipeline":
        return this.#pipeline(operand.pipeline, dot);
      case "chain":
        return this.#fields(this.#operand(operand.base, dot), operand.names, operand);
    }
  }

  #fields(start: unknown, names: readonly string[], at: Operand): unknown {
    let value = start;
    let inStruct = true;
    for (const [index, name] of names.entries()) {
      // A method in the middle of a chain is called without arguments.
      if (typeof value === "function") value = (value as () => unknown)();
      // What a map does not have has nothing in it either.
      if (index > 0 && value === undefined && this.#options.missingKey === "default") return undefined;
      if (index > 0 && (value === undefined || value === null))
        throw this.#error(at.at, at.text, `nil pointer evaluating interface {}.${name}`);
      const holder = value;
      value = this.#field(value, name, at, inStruct);
      inStruct = goTypeOf(holder) !== undefined;
    }
    return value;
  }

  #field(value: unknown, name: string, at: Operand, inStruct: boolean): unknown {
    if (isObject(value)) {
      if (Object.hasOwn(value, name)) return value[name];
      const type = goTypeOf(value);
      if (type !== undefined)
        throw this.#error(at.at, at.text, `can't evaluate field ${name} in type ${type}`);
      if (this.#options.missingKey === "error")
        throw this.#error(at.at, at.text, `map has no entry for key ${JSON.stringify(name)}`);
      return undefined;
    }
    if (value === undefined || value === null)
      throw this.#error(at.at, at.text, `nil data; no entry for key ${JSON.stringify(name)}`);
    throw this.#error(
      at.at,
      at.text,
      `can't evaluate field ${name} in type ${inStruct ? typeName(value) : "interface {}"}`,
    );
  }

  #error(at: Position, node: string, message: string): Error {
    return execError(at, this.#name, node, message);
  }
}

function lastName(operand: Operand): string {
  return ("names" in operand ? operand.names.at(-1) : undefined) ?? operand.text;
}
