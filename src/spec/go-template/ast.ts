/**
 * The tree of a Go text/template.
 * Source: Go's `text/template` and `text/template/parse` documentation.
 */

/** Where a node stands, for messages: line, and column in bytes from 0. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What messages say of a node. */
export interface Located {
  readonly at: Position;
  /** The node as Go prints it in messages. */
  readonly text: string;
}

export type Operand =
  | (Located & { readonly kind: "dot" })
  | (Located & { readonly kind: "nil" })
  | (Located & { readonly kind: "literal"; readonly value: string | number | boolean | bigint })
  | (Located & { readonly kind: "field"; readonly names: readonly string[] })
  | (Located & { readonly kind: "variable"; readonly name: string; readonly names: readonly string[] })
  | (Located & { readonly kind: "function"; readonly name: string })
  | (Located & { readonly kind: "pipeline"; readonly pipeline: Pipeline })
  | (Located & { readonly kind: "chain"; readonly base: Operand; readonly names: readonly string[] });

/** One command of a pipeline: an operand, or a function or method with its arguments. */
export interface CommandNode extends Located {
  readonly operands: readonly Operand[];
}

export interface Pipeline extends Located {
  readonly variables: readonly string[];
  /** Whether the variables are declared (`:=`) or assigned (`=`). */
  readonly declares: boolean;
  readonly commands: readonly CommandNode[];
}

export type Node =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly pipeline: Pipeline }
  | {
      readonly kind: "if" | "with" | "range";
      readonly pipeline: Pipeline;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
    }
  | {
      readonly kind: "template";
      readonly name: string;
      readonly pipeline?: Pipeline;
      readonly at: Position;
      readonly text: string;
    }
  | { readonly kind: "break" }
  | { readonly kind: "continue" };

/** The templates of a text by their names; the text itself has the empty one. */
export type Definitions = Map<string, readonly Node[]>;
