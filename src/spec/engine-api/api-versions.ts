/** Newest and oldest version of the Engine API that engine and client speak. A path without a version means the newest. */
export const NEWEST_API_VERSION = "1.55";
export const OLDEST_API_VERSION = "1.24";
