import { alreadyExists, conflict, type EngineError } from "../../base/errors.ts";

export const volumeExists = (name: string): EngineError => alreadyExists(`volume ${name} already exists`);

export const volumeNotEmpty = (name: string): EngineError =>
  conflict(`volume ${name} is not empty: import takes an empty volume or a new one`);
