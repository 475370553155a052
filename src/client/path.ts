/** A name or id as one segment of a path. */
export function segment(name: string): string {
  return encodeURIComponent(name);
}

/** An image reference in a path: its slashes separate segments and stay. */
export function imagePath(reference: string): string {
  return reference.split("/").map(encodeURIComponent).join("/").replaceAll("%3A", ":").replaceAll("%40", "@");
}
