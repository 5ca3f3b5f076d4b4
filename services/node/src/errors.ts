/** Faults that end the process with a message for the one who runs it: what is wrong, with what, and what to do. */

/** Exit codes of `starling-node`, as sysexits.h has them. */
export const exitCodes = { ok: 0, software: 70, unavailable: 69, noPermission: 77, configuration: 78 } as const;

/** The message says all that is needed; no stack trace is shown. */
export class StartError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = exitCodes.configuration) {
    super(message);
    this.name = 'StartError';
    this.exitCode = exitCode;
  }
}

/** What was to listen does not: in most cases its port could not be had. */
export function portError(what: string, address: string, fault: unknown): StartError {
  const { code, syscall, message } = fault as NodeJS.ErrnoException;
  // Libraries give codes too; only the system speaks of a port.
  if (syscall === undefined) return new StartError(message);
  const setting = `Choose another with ${what}, or stop what uses it (ss -lnp).`;
  if (code === 'EADDRINUSE') return new StartError(`${address} is taken by another process. ${setting}`, exitCodes.unavailable);
  if (code === 'EACCES') return new StartError(`${address}: this user may not listen there. Choose a port above 1023 with ${what}.`, exitCodes.noPermission);
  if (code === 'EADDRNOTAVAIL') return new StartError(`${address} is no address of this machine. Correct ${what}.`, exitCodes.unavailable);
  return new StartError(`${address}: ${message} (${what})`, exitCodes.unavailable);
}
