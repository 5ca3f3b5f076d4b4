/** Files that somebody else writes, looked at again and again. */

export interface RereadOptions<T> {
  /** Rejects with an Error when what is there is unusable. */
  readonly read: () => Promise<T>;
  /** What is in force at the start. */
  readonly current: T;
  readonly isSame: (found: T, inForce: T) => boolean;
  readonly onChanged: (found: T) => void;
  /** The files are unusable right now; what was in force stays. Called once per new reason. */
  readonly onFault: (error: Error) => void;
  readonly intervalMs: number;
}

/** The end of it is returned. */
export function reread<T>({ read, current, isSame, onChanged, onFault, intervalMs }: RereadOptions<T>): () => void {
  let inForce = current;
  let lastFault = '';
  let ended = false;
  let timer: NodeJS.Timeout;
  const look = async () => {
    try {
      const found = await read();
      lastFault = '';
      if (!ended && !isSame(found, inForce)) {
        inForce = found;
        onChanged(found);
      }
    } catch (error) {
      const fault = error as Error;
      // While files are being replaced they may not fit together for a moment; the next look finds them whole.
      if (!ended && fault.message !== lastFault) onFault(fault);
      lastFault = fault.message;
    }
    arm();
  };
  const arm = () => {
    if (ended) return;
    timer = setTimeout(() => void look(), intervalMs);
    timer.unref();
  };
  arm();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
