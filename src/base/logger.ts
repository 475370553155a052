/**
 * What a component of the engine writes its log through. The process that wires the engine decides where lines go;
 * a library user may pass any object with these four methods (pino's loggers fit).
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A logger that drops every line. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};
