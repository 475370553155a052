import { joinLabels } from "./values.ts";
import type { View } from "./view.ts";

interface Labelled {
  readonly Labels?: Readonly<Record<string, string>> | null;
}

/** What views show of labels: all of them, and one by its name in a template. */
export const LABEL_FIELDS = {
  Labels: { header: "LABELS", value: ({ Labels }: Labelled) => joinLabels(Labels) },
  Label: {
    header: "LABEL",
    method: true,
    value:
      ({ Labels }: Labelled) =>
      (name: string) =>
        Labels?.[name] ?? "",
  },
} satisfies View<Labelled>["fields"];
