/** The native QUIC library behind `@matrixai/quic`; its own connection classes are not used (docs/decisions/quic-binding.md). */
import type { Quiche } from '@matrixai/quic/native/quiche.js';

export type { Quiche };
export type NativeConnection = ReturnType<Quiche['Connection']['connect']>;
export type NativeConfig = ReturnType<Quiche['Config']['withBoringSslCtx']>;

/** @throws Error with one message that says which platforms there is a binary for. */
export async function loadQuiche(): Promise<Quiche> {
  try {
    return (await import('@matrixai/quic/native/quiche.js')).default;
  } catch (fault) {
    throw new Error(
      `The QUIC library cannot be loaded on ${process.platform} ${process.arch}: its binary is for Linux on x86-64 with glibc 2.34 or newer (Debian 12, Ubuntu 22.04, RHEL 9; not Alpine, not ARM). Run Starling there, or in the container image. (${firstLine(fault)})`,
      { cause: fault },
    );
  }
}

function firstLine(fault: unknown): string {
  return String((fault as Error).message ?? fault).split('\n')[0]?.slice(0, 200) ?? '';
}
