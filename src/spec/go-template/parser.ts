import type { CommandNode, Definitions, Node, Operand, Pipeline, Position } from "./ast.ts";
import { unquoteGo } from "./go-strings.ts";
import { lex, type Token, type TokenKind } from "./lexer.ts";
import { parseError } from "./template-error.ts";

const KEYWORDS = ["block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"];

/** Words that messages show in angle brackets. */
const BRACKETED = [...KEYWORDS, ".", "nil"];

/** The templates in `source`. `isFunction` tells which names may be called. Errors: TemplateError. */
export function parse(source: string, isFunction: (name: string) => boolean): Definitions {
  return new Parser(source, isFunction).run();
}

/** What ended a list of nodes. */
interface ListEnd {
  readonly nodes: Node[];
  readonly end: "end" | "else" | "eof";
}

class Parser {
  readonly #tokens: Token[];
  readonly #isFunction: (name: string) => boolean;
  readonly #definitions: Definitions = new Map();
  #variables: string[] = ["$"];
  #rangeDepth = 0;
  #at = 0;

  constructor(source: string, isFunction: (name: string) => boolean) {
    this.#tokens = lex(source);
    this.#isFunction = isFunction;
  }

  run(): Definitions {
    const { nodes, end } = this.#list(true);
    if (end !== "eof") throw this.#error(`unexpected {{${end}}}`);
    this.#definitions.set("", nodes);
    return this.#definitions;
  }

  #list(top = false): ListEnd {
    const nodes: Node[] = [];
    for (;;) {
      const token = this.#next();
      if (token.kind === "eof") {
        if (!top) throw this.#error("unexpected EOF");
        return { nodes, end: "eof" };
      }
      if (token.kind === "text") {
        nodes.push({ kind: "text", text: token.text });
        continue;
      }
      const keyword = this.#keyword();
      if (keyword === "end" || keyword === "else") {
        if (keyword === "end") this.#expectClose("end");
        return { nodes, end: keyword };
      }
      const node = keyword ? this.#control(keyword, top) : this.#actionNode();
      if (node) nodes.push(node);
    }
  }

  /** Takes the keyword that an action starts with, if it does. */
  #keyword(): string | undefined {
    this.#skipSpace();
    const token = this.#peek();
    if (token.kind !== "identifier" || !KEYWORDS.includes(token.text)) return undefined;
    // A function may be named like a keyword that came later.
    if ((token.text === "break" || token.text === "continue") && this.#isFunction(token.text))
      return undefined;
    this.#at++;
    return token.text;
  }

  #control(keyword: string, top: boolean): Node | undefined {
    switch (keyword) {
      case "if":
      case "with":
      case "range":
        return this.#branch(keyword);
      case "break":
      case "continue":
        if (this.#rangeDepth === 0) throw this.#error(`{{${keyword}}} outside {{range}}`);
        this.#expectClose(keyword);
        return { kind: keyword };
      case "template":
        return this.#templateNode();
      case "define":
        if (!top) throw this.#error("unexpected {{define}}");
        this.#define(this.#defineName());
        return undefined;
      default:
        return this.#block();
    }
  }

  #actionNode(): Node {
    const pipeline = this.#pipeline("command", "close");
    return { kind: "action", pipeline };
  }

  #branch(kind: "if" | "with" | "range"): Node {
    const scope = this.#variables.length;
    const pipeline = this.#pipeline(kind, "close");
    if (kind === "range") this.#rangeDepth++;
    const { nodes: body, end } = this.#list();
    if (kind === "range") this.#rangeDepth--;
    const otherwise = end === "else" ? this.#otherwise(kind) : [];
    this.#variables.length = scope;
    return { kind, pipeline, body, otherwise };
  }

  #otherwise(kind: "if" | "with" | "range"): Node[] {
    const chained = this.#keyword();
    if (chained === kind && kind !== "range") return [this.#branch(kind)];
    if (chained) throw this.#error(`unexpected <${chained}> in else`);
    this.#expectClose("else");
    const { nodes, end } = this.#list();
    if (end === "else") throw this.#error("expected end; found {{else}}");
    return nodes;
  }

  #templateNode(): Node {
    this.#skipSpace();
    const at = this.#peek().at;
    const name = this.#name("template clause");
    this.#skipSpace();
    if (this.#peek().kind === "close") {
      this.#at++;
      return { kind: "template", name, at, text: `{{template ${JSON.stringify(name)}}}` };
    }
    const pipeline = this.#pipeline("template clause", "close");
    return {
      kind: "template",
      name,
      pipeline,
      at,
      text: `{{template ${JSON.stringify(name)} ${pipeline.text}}}`,
    };
  }

  #block(): Node {
    this.#skipSpace();
    const at = this.#peek().at;
    const name = this.#name("block clause");
    const pipeline = this.#pipeline("block clause", "close");
    this.#define(name);
    return {
      kind: "template",
      name,
      pipeline,
      at,
      text: `{{template ${JSON.stringify(name)} ${pipeline.text}}}`,
    };
  }

  /** The body of a definition has variables of its own. */
  #define(name: string): void {
    const [variables, depth] = [this.#variables, this.#rangeDepth];
    this.#variables = ["$"];
    this.#rangeDepth = 0;
    const { nodes, end } = this.#list();
    if (end !== "end") throw this.#error("unexpected {{else}} in define clause");
    this.#variables = variables;
    this.#rangeDepth = depth;
    this.#definitions.set(name, nodes);
  }

  #defineName(): string {
    const name = this.#name("define clause");
    this.#expectClose("define clause");
    return name;
  }

  #name(context: string): string {
    this.#skipSpace();
    const token = this.#next();
    if (token.kind !== "string") throw this.#unexpected(token, context);
    return unquoteGo(token.text)!;
  }

  #expectClose(context: string): void {
    this.#skipSpace();
    const token = this.#next();
    if (token.kind !== "close") throw this.#unexpected(token, context);
  }

  #pipeline(context: string, end: TokenKind): Pipeline {
    this.#skipSpace();
    const start = this.#peek();
    const { variables, declares } = this.#declaration(context);
    const commands: CommandNode[] = [];
    for (;;) {
      this.#skipSpace();
      const token = this.#peek();
      if (token.kind === end) {
        this.#at++;
        return this.#finish(commands, variables, declares, start.at, context);
      }
      if (!startsOperand(token.kind)) throw this.#unexpected(token, context);
      commands.push(this.#command(end, context));
    }
  }

  #finish(
    commands: CommandNode[],
    variables: string[],
    declares: boolean,
    at: Position,
    context: string,
  ): Pipeline {
    if (commands.length === 0) throw this.#error(`missing value for ${context}`);
    const [, ...later] = commands;
    for (const [index, { operands }] of later.entries()) {
      const first = operands[0]!;
      if (["dot", "nil", "literal"].includes(first.kind))
        throw this.#error(`non executable command in pipeline stage ${index + 2}`);
    }
    const text = commands.map((command) => command.text).join(" | ");
    const head = variables.length === 0 ? "" : `${variables.join(", ")} ${declares ? ":=" : "="} `;
    return { variables, declares, commands, at, text: head + text };
  }

  /** `$x :=`, `$x =`, or `$i, $x :=` in a range. */
  #declaration(context: string): { variables: string[]; declares: boolean } {
    const start = this.#at;
    const variables: string[] = [];
    while (this.#peek().kind === "variable") {
      variables.push(this.#next().text);
      this.#skipSpace();
      const token = this.#next();
      if (token.kind === "declare" || token.kind === "assign") {
        const declares = token.kind === "declare";
        if (declares) this.#variables.push(...variables);
        return { variables, declares };
      }
      if (token.kind !== "comma" || context !== "range" || variables.length === 2) break;
      this.#skipSpace();
    }
    if (variables.length === 2) throw this.#error("too many declarations in range");
    this.#at = start;
    return { variables: [], declares: false };
  }

  #command(end: TokenKind, context: string): CommandNode {
    const at = this.#peek().at;
    const operands: Operand[] = [];
    for (;;) {
      this.#skipSpace();
      operands.push(this.#operand());
      const token = this.#peek();
      if (token.kind === "space") {
        this.#skipSpace();
        const following = this.#peek();
        if (startsOperand(following.kind)) continue;
        if (following.kind === "pipe") this.#at++;
        if (following.kind === "pipe") return commandOf(operands, at);
        if (following.kind === end) return commandOf(operands, at);
        throw this.#unexpected(following, context === "command" ? "operand" : context);
      }
      if (token.kind === "pipe") this.#at++;
      if (token.kind === "pipe") return commandOf(operands, at);
      if (token.kind === end) return commandOf(operands, at);
      throw this.#unexpected(token, "operand");
    }
  }

  #operand(): Operand {
    const base = this.#term();
    const names: string[] = [];
    // Go locates a chain where its second link stands.
    const { at } = this.#peek();
    while (this.#peek().kind === "field") names.push(this.#next().text.slice(1));
    if (names.length === 0) return base;
    const text = `${base.text}.${names.join(".")}`;
    if (base.kind === "field") return { ...base, names: [...base.names, ...names], text, at };
    if (base.kind === "variable") return { ...base, names: [...base.names, ...names], text, at };
    if (base.kind === "literal" || base.kind === "nil" || base.kind === "dot")
      throw this.#error(`unexpected . after term ${JSON.stringify(base.text)}`);
    return { kind: "chain", base, names, at, text };
  }

  #term(): Operand {
    const token = this.#next();
    const { text, at } = token;
    switch (token.kind) {
      case "dot":
        return { kind: "dot", at, text };
      case "field":
        return { kind: "field", names: [text.slice(1)], at, text };
      case "variable":
        if (!this.#variables.includes(text)) throw this.#error(`undefined variable ${JSON.stringify(text)}`);
        return { kind: "variable", name: text, names: [], at, text };
      case "string":
      case "char":
      case "number":
        return { kind: "literal", value: this.#literal(token), at, text };
      case "paren-open": {
        const pipeline = this.#pipeline("parenthesized pipeline", "paren-close");
        return { kind: "pipeline", pipeline, at, text: `(${pipeline.text})` };
      }
      case "identifier":
        return this.#word(token);
      default:
        throw this.#unexpected(token, "operand");
    }
  }

  #word({ text, at }: Token): Operand {
    if (text === "true" || text === "false") return { kind: "literal", value: text === "true", at, text };
    if (text === "nil") return { kind: "nil", at, text };
    if (!this.#isFunction(text)) throw this.#error(`function ${JSON.stringify(text)} not defined`);
    return { kind: "function", name: text, at, text };
  }

  #literal({ kind, text }: Token): string | number | bigint {
    if (kind === "number") {
      const digits = text.replaceAll("_", "");
      if (/^[+-]?(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|[0-9]+)$/.test(digits)) {
        const unsigned = digits.replace(/^[+-]/, "").replace(/^0([0-7]+)$/, "0o$1");
        return digits.startsWith("-") ? -BigInt(unsigned) : BigInt(unsigned);
      }
      return Number(digits);
    }
    const value = unquoteGo(text);
    if (value === undefined) throw this.#error("invalid syntax");
    if (kind !== "char") return value;
    if ([...value].length !== 1) throw this.#error(`malformed character constant: ${text}`);
    return BigInt(value.codePointAt(0)!);
  }

  #peek(): Token {
    return this.#tokens[this.#at]!;
  }

  #next(): Token {
    return this.#tokens[this.#at++]!;
  }

  #skipSpace(): void {
    while (this.#peek().kind === "space") this.#at++;
  }

  #error(message: string): Error {
    return parseError(this.#tokens[Math.min(this.#at, this.#tokens.length - 1)]!.at, message);
  }

  #unexpected(token: Token, context: string): Error {
    const shown =
      token.kind === "eof"
        ? "EOF"
        : BRACKETED.includes(token.text)
          ? `<${token.text}>`
          : JSON.stringify(token.text);
    return parseError(token.at, `unexpected ${shown} in ${context}`);
  }
}

function startsOperand(kind: TokenKind): boolean {
  return ["dot", "field", "variable", "string", "char", "number", "identifier", "paren-open"].includes(kind);
}

function commandOf(operands: Operand[], at: Position): CommandNode {
  return { operands, at, text: operands.map(({ text }) => text).join(" ") };
}
