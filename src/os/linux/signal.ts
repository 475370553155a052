import { constants } from "node:os";

/** The first and last real-time signal that programs may use, as glibc counts them. Source: signal(7). */
const SIGRTMIN = 34;
const SIGRTMAX = 64;

const NUMBERS = new Map<string, number>();
for (const [name, number] of Object.entries(constants.signals)) NUMBERS.set(name.slice(3), number);
NUMBERS.set("CLD", constants.signals.SIGCHLD);
NUMBERS.set("RTMIN", SIGRTMIN);
for (let offset = 1; offset <= 15; offset++) NUMBERS.set(`RTMIN+${offset}`, SIGRTMIN + offset);
for (let offset = 14; offset >= 1; offset--) NUMBERS.set(`RTMAX-${offset}`, SIGRTMAX - offset);
NUMBERS.set("RTMAX", SIGRTMAX);

/** The number of a signal by name, with or without `SIG` and in any case: `TERM`, `SIGRTMIN+3`; undefined for no signal. */
export function signalNumber(name: string): number | undefined {
  const upper = name.toUpperCase();
  return NUMBERS.get(upper.startsWith("SIG") ? upper.slice(3) : upper);
}

/** The number that `text` means: a signal's name, or its number between 1 and 64; undefined for neither. */
export function parseSignal(text: string): number | undefined {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    return number >= 1 && number <= SIGRTMAX ? number : undefined;
  }
  return signalNumber(text);
}
