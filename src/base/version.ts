/** Version of this program, as `gantry --version` and the API give it. Kept equal to package.json by the gate. */
export const VERSION = "0.1.0";
