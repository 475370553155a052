import { formatSize } from "../../base/bytes.ts";
import { shortId } from "../../base/ids.ts";
import type { ImageSummary } from "../../spec/engine-api/mod.ts";
import { formatPlatform } from "../../spec/oci-image/platform.ts";
import { noteHeader } from "../terminal/note.ts";
import { type Tint, tint, widthOf } from "../terminal/tint.ts";
import { ellipsis } from "./values.ts";

/** Where a tree is drawn. */
export interface Canvas {
  readonly isTerminal: boolean;
  /** Columns; 0 where they are not known. */
  readonly width: number;
}

interface Details {
  readonly id: string;
  readonly diskUsage: string;
  readonly contentSize: string;
  readonly inUse: boolean;
}

interface Platform {
  readonly name: string;
  readonly available: boolean;
  readonly details: Details;
}

interface TreeImage {
  readonly names: readonly string[];
  readonly details: Details;
  readonly platforms: readonly Platform[];
}

interface Column {
  readonly title: string;
  readonly width: number;
  readonly right?: boolean;
  /** Left out for the names. */
  readonly value?: (details: Details) => string;
  /** Has its own colours. */
  readonly plain?: boolean;
}

const SPACING = "   ";
const MIN_NAME_WIDTH = 12;
const TITLE: Tint = ["default", "bold"];
const NAME: Tint = ["blue", "bold"];
const UNTAGGED: Tint = ["default", "faint"];
const NORMAL: Tint = ["default"];
const MISSING: Tint = ["default", "faint"];

/** Images with their platforms below them, as docker 28 draws them: newest first. */
export function drawImageTree(images: readonly ImageSummary[], canvas: Canvas): string {
  const rows = [...images].sort((a, b) => b.Created - a.Created).map(describeImage);
  const width = Math.max(canvas.width || 80, 20);
  const drawing = new TreeDrawing(rows, width, canvas.isTerminal);
  return drawing.draw();
}

function describeImage(image: ImageSummary): TreeImage {
  const manifests = image.Manifests ?? [];
  const platforms = manifests.flatMap(({ Kind, ID, Available, ImageData, Size }): Platform[] => {
    if (Kind !== "image" || !ImageData) return [];
    const details = {
      id: ID,
      diskUsage: formatSize(Size.Total, 3),
      contentSize: formatSize(Size.Content, 3),
      inUse: (ImageData.Containers ?? []).length > 0,
    };
    return [{ name: formatPlatform(ImageData.Platform), available: Available, details }];
  });
  const contentBytes = manifests.reduce((total, { Size }) => total + Size.Content, 0);
  return {
    names: image.RepoTags ?? [],
    platforms,
    details: {
      id: image.Id,
      diskUsage: formatSize(image.Size, 3),
      contentSize: formatSize(contentBytes, 3),
      inUse: image.Containers > 0 || platforms.some(({ details }) => details.inUse),
    },
  };
}

class TreeDrawing {
  readonly #images: readonly TreeImage[];
  readonly #width: number;
  readonly #isTerminal: boolean;
  readonly #columns: readonly Column[];
  #text = "";

  constructor(images: readonly TreeImage[], width: number, isTerminal: boolean) {
    this.#images = images;
    this.#width = width;
    this.#isTerminal = isTerminal;
    this.#columns = this.#fitColumns();
  }

  draw(): string {
    this.#print(
      this.#tinted(
        "WARNING: This is an experimental feature. The output may change and shouldn't be depended on.",
        ["lightYellow"],
      ),
      "\n",
    );
    const legend = `${noteHeader(this.#isTerminal)} ${this.#chip(true)} In Use `;
    this.#print(" ".repeat(Math.max(0, this.#width - widthOf(legend))), legend, "\n\n");
    // Docker draws the titles in bold wherever they go.
    this.#print(
      this.#columns.map((column) => cell(column, column.title.toUpperCase(), TITLE)).join(SPACING),
      "\n",
    );
    const spaced = this.#images.some(({ platforms }) => platforms.length > 0);
    for (const image of this.#images) this.#drawImage(image, spaced);
    return this.#text;
  }

  #drawImage({ names, details, platforms }: TreeImage, spaced: boolean): void {
    const nameColumn = this.#columns[0]!;
    if (names.length === 0) this.#print(cell(nameColumn, "<untagged>", this.#ifTerminal(UNTAGGED)));
    const longestFirst = [...names].sort((a, b) => b.length - a.length);
    for (const [index, name] of longestFirst.entries()) {
      // Only the last name shares its line with the other columns.
      if (index < names.length - 1) this.#print(this.#tinted(ellipsis(name, this.#width), NAME), "\n");
      else this.#print(cell(nameColumn, name, this.#ifTerminal(NAME)));
    }
    this.#drawDetails(details, NORMAL);
    if (spaced) this.#print("\n");
    for (const [index, platform] of platforms.entries()) {
      const attributes = platform.available ? NORMAL : MISSING;
      const branch = index < platforms.length - 1 ? "├─ " : "└─ ";
      this.#print(cell(nameColumn, `${branch}${platform.name}`, this.#ifTerminal(attributes)));
      this.#drawDetails(platform.details, attributes);
      this.#print("\n");
    }
    this.#print("\n");
  }

  #drawDetails(details: Details, attributes: Tint): void {
    for (const column of this.#columns) {
      if (!column.value) continue;
      const own = column.plain ? undefined : this.#ifTerminal(attributes);
      this.#print(SPACING, cell(column, column.value(details), own));
    }
  }

  #fitColumns(): Column[] {
    const showsUse = this.#images.some(({ platforms }) => platforms.some(({ details }) => details.inUse));
    const chipWidth = showsUse ? widthOf(this.#chip(true)) : 0;
    const others: Column[] = [
      { title: "ID", width: 12, value: ({ id }) => shortId(id) },
      { title: "Disk usage", width: 10, right: true, value: ({ diskUsage }) => diskUsage },
      { title: "Content size", width: 12, right: true, value: ({ contentSize }) => contentSize },
      {
        title: "Extra",
        width: Math.max("Extra".length, chipWidth),
        plain: true,
        value: ({ inUse }) => (showsUse ? this.#chip(inUse) : ""),
      },
    ];
    let nameWidth = this.#width;
    const shown: Column[] = [];
    for (const column of others) {
      const taken = column.width + SPACING.length;
      // What no longer fits is left out, and all behind it.
      if (nameWidth - taken < MIN_NAME_WIDTH) break;
      nameWidth -= taken;
      shown.push(column);
    }
    return [{ title: "Image", width: Math.min(nameWidth, this.#widestName()) }, ...shown];
  }

  #widestName(): number {
    const lengths = this.#images.flatMap(({ names, platforms }) => [
      ...(names.length === 0 ? ["<untagged>"] : names).map((name) => name.length),
      ...platforms.map(({ name }) => Buffer.byteLength(name) + Buffer.byteLength("└─ ")),
    ]);
    return Math.max("Image".length, ...lengths);
  }

  #chip(inUse: boolean): string {
    if (!this.#isTerminal) return inUse ? "U" : " ";
    return inUse ? "\u001b[38;5;0m\u001b[48;5;14m U \u001b[0m" : "   ";
  }

  #ifTerminal(attributes: Tint): Tint | undefined {
    return this.#isTerminal ? attributes : undefined;
  }

  #tinted(text: string, attributes: Tint): string {
    return this.#isTerminal ? tint(text, attributes) : text;
  }

  #print(...texts: string[]): void {
    this.#text += texts.join("");
  }
}

function cell({ width, right }: Column, text: string, attributes: Tint | undefined): string {
  const shown = widthOf(text) > width ? ellipsis(text, width) : text;
  const tinted = attributes ? tint(shown, attributes) : shown;
  const padding = " ".repeat(Math.max(0, width - widthOf(text)));
  return right ? `${padding}${tinted}` : `${tinted}${padding}`;
}
