/** A column that a list can show: its header, where it has one, and its value for an item. */
export interface Field<T> {
  readonly header: string | undefined;
  readonly value: (item: T) => unknown;
  /** Left out of `json`: a method that takes arguments. */
  readonly method?: true;
}

/** All that templates may ask of the items of a list. */
export interface View<T> {
  /** The name of docker's type, which stands in its error messages. */
  readonly typeName: string;
  readonly fields: Readonly<Record<string, Field<T>>>;
}

/** How a list is printed. */
export interface ListFormat {
  /** `--format`: empty, `table`, `table TEMPLATE`, `json`, `raw` or `TEMPLATE`. */
  readonly format: string;
  /** Fields of the plain table, in order. */
  readonly columns: readonly string[];
  /** The field that is printed alone. */
  readonly quiet?: string | undefined;
  /** The template that the format `raw` means, where it means one. */
  readonly raw?: string | undefined;
}

/** The text of a list of items. Errors: ExitError for a template that docker would refuse. */
export async function renderList<T>(view: View<T>, items: readonly T[], list: ListFormat): Promise<string> {
  const plain = list.format === "" || list.format === "table";
  if (plain && list.quiet !== undefined) {
    const { value } = view.fields[list.quiet]!;
    return items.map((item) => `${value(item)}\n`).join("");
  }
  if (!plain) {
    const { renderTemplate } = await import("./render-template.ts");
    return renderTemplate(view, items, list.format === "raw" ? (list.raw ?? list.format) : list.format);
  }
  const { layOut } = await import("./tab-writer.ts");
  const fields = list.columns.map((name) => view.fields[name]!);
  const rows = [
    fields.map(({ header }) => header),
    ...items.map((item) => fields.map(({ value }) => String(value(item)))),
  ];
  return layOut(rows.map((cells) => `${cells.join("\t")}\n`).join(""));
}
