/** Version of the client; the engine's own comes from the engine. */
export const CLIENT_VERSION = "0.1.0";
/** The commit a build was made from, where the build set one. */
export const GIT_COMMIT = "unbuilt";
